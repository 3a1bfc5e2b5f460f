"""Fields of the UpdateConnectors that the sandbox has: type, greatest length, whether AFAS insists on them.

``OrNu:s12`` is text of at most 12 characters; ``b`` yes or no, ``i`` integer, ``n`` number, ``d`` date, ``t`` memo. A
``!`` marks what must be there on insert, without those that the specification only claims to need (``CdDa``,
``BcId``, a ``BcCo`` beside autonumbering, ``BeginDate`` of a first address) [fact sheet 10.14, spec/fields.csv].
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One field."""

    kind: str
    length: int | None
    required: bool


_TEXT = {
    "FbSales": """
OrNu:s12 OrDa:d DbId:s16! SoQu:s12 FaTo:s16 DaDe:d DaPr:d CuId:s3 Rate:n BkOr:b RfCs:s100 SaCh:s20 VaDu:s3 InVa:b
PaCd:s5 PaTp:s5 Re:t Unit:i Coll:b CrOr:b Rout:s20 War:s15 CoDn:b CoIn:b DlPr:i LgId:s3 DeCo:s20 CsTy:s1 VaTr:s20
VaSt:s20 VaGs:s20 VaTa:s20 InPc:n VaCl:b ClPc:n PaPc:n VaPa:b VaYN:b VaBc:s20 BaCo:s30 PrLa:s32 JoCo:s6 FuOr:b
DtId:i PrId:s15 PrSt:s15 SeSt:s20 SeWe:n QuCl:i PkTp:s20 TrPt:s16 SsId:s10 OrPr:s20 AmDp:n VeId:s16 DlAd:i ExAd:s255
BaDe:s30 SbAt:i CtI1:i CoId:s3 PuSa:b ETOr:s20 Fref:s32 CoDs:s8 FxBl:b DlYN:b
""",
    "FbSalesLines": """
VaIt:s10! ItCd:s40! Ds:s255 VaRc:s4 BiUn:s15! QuUn:n! QuLe:n QuWi:n QuHe:n Qu:n QuDl:n QuBo:n QuAd:n PrLi:s5 War:s15
EUSe:b VaWt:s20 NeWe:n GrWe:n Upri:n CoPr:n VaAD:s20 PRDc:n ARDc:n MaAD:b Re:t DlDa:d GuLi:s38 StL1:s10 StL2:s10
DiDe:b NoIn:b V1Cd:s16 V2Cd:s16 V3Cd:s16 V4Cd:s16 V5Cd:s16 Di01:i Di02:i Di03:i Di04:i Di05:i MoId:s15 CoTy:s20
""",
    "FbItemArticle": """
ItCd:s40 AuId:b Ds:s100 Ds_1031:s100 Ds_1036:s100 Ds_1043:s100 Ds_2057:s100 Ds_2067:s100 DsEx:s100 DsEx_1031:s100
DsEx_1036:s100 DsEx_1043:s100 DsEx_2057:s100 DsEx_2067:s100 ChDs:b Grp:s15! Loc:s15 BiSt:b BiDc:i BiUn:s15! UnPR:s15
PrFc:i CoLa:s3 VaRc:s4 VaAr:s4 EUSe:b ChSa:b ChPu:b VaTp:s20 ArSu:s20 BiSaItCd:s40 PrGr:s10 PrFr:s40 StPrice:n
CoPrice:n SaPrice:n PuPrice:n CsPrice:n DatPri:d CrId:s16 ItSp:s30 VaWt:s20 NeWe:n GrWe:n CsWe:n CsGc:s8 CoOr:s3
ExUn:s15 CBSQuUn:n VaBc:s20 BaCo:s30 WaSe:b VaCr:s20 StAd:b StMi:n StMa:n TrCo:n PcLo:n StCh:s20 VaDo:s20 PgId:s8
TaCd:s2 OrLi:b PcYn:b AdYn:b AdSr:b PkPr:n RtPr:n DiFe:b FoDi:b DiCo:n WeGl:n WeAl:n WeMe:n WePl:n WeBp:n WePa:n
WeWo:n WeOt:n Ch:b ExTS:b PkTp:s10 QuLe:n QuWi:n QuHe:n Stck:b Bl:b Rm:t Rm_1031:t Rm_1036:t Rm_1043:t Rm_2057:t
Rm_2067:t FileName:s255 FileStream:t FileName1:s255 FileStream1:t FileName2:s255 FileStream2:t FileName3:s255
FileStream3:t FileName4:s255 FileStream4:t FileName5:s255 FileStream5:t FileName6:s255 FileStream6:t StD1:s10
StD2:s10 EdMn:b VaAs:s20 VaAb:s20 SuIt:s20 SuId:s40 SuDe:d UpdateComDs:b ABCXYZClass:s PreC:s
""",
    "KnSalesRelationPer": """
DbId:s16 Iban:s40 BaAc:s40 CoId:s3 IsDb:b ToAc:s16 VaId:s21 PaCd:s5 VeId:s16 LgId:s3 CuId:s3! DsId:i EmId:s15
VaDu:s3 PfId:s16 PrLi:n PrFc:n ClPc:n PrPt:n Krli:n FaTo:s16 TrPt:s16 PrDl:i PrVn:s16 PrLs:s5 VkMa:s15 Bl:b BlTl:b
VaLi:b LDId:s15 VaYN:b DuYN:b VaIg:s20 VaGu:s20 DsGr:s5 NtPr:b VtIn:b InTx:s40 CITo:b TxTc:s40 StMa:b MaIn:n StMi:b
MiIn:n RoOf:s5 DeId:s15 PaSp:b AuPa:b PaCo:b SiPA:b WaOr:b WaTx:s255 CsTy:s1 Rm:t CdDa:i CtP1:i CtP2:i ColA:s16
CsDa:d BcBy:s15 DeCo:s20 CtI1:i InPv:s20 SoId:s8 VaBc:s20 BaCo:s30 CoDs:s8 MnOr:b EDDn:b VaA1:s10 VaA2:s10 VaA3:s10
VaA4:s10 VaA5:s10 Pwrd:s255 AtCd:s255 AcTp:s255 OrPr:s20 AsGr:s5 AsYN:b OINr:s40 VaDt:s20 EnId:s50 VaTp:s20 ReCo:b
EORI:s17
""",
    "KnSalesRelationOrg": """
DbId:s16 Iban:s40 BaAc:s40 CoId:s3 IsDb:b ToAc:s16 VaId:s21 PaCd:s5 VeId:s16 LgId:s3 CuId:s3! DsId:i EmId:s15
VaDu:s3 PfId:s16 PrLi:n PrFc:n ClPc:n PrPt:n Krli:n FaTo:s16 TrPt:s16 PrDl:i PrVn:s16 PrLs:s5 VkMa:s15 Bl:b BlTl:b
VaLi:b LDId:s15 VaYN:b DuYN:b VaIg:s20 VaGu:s20 DsGr:s5 NtPr:b VtIn:b InTx:s40 CITo:b TxTc:s40 StMa:b MaIn:n StMi:b
MiIn:n RoOf:s5 DeId:s15 PaSp:b AuPa:b PaCo:b SiPA:b WaOr:b WaTx:s255 CsTy:s1 Rm:t CdDa:i CtP1:i CtP2:i ColA:s16
CsDa:d BcBy:s15 DeCo:s20 CtI1:i InPv:s20 SoId:s8 VaBc:s20 BaCo:s30 CoDs:s8 MnOr:b EDDn:b VaA1:s10 VaA2:s10 VaA3:s10
VaA4:s10 VaA5:s10 Pwrd:s255 AtCd:s255 AcTp:s255 OrPr:s20 AsGr:s5 AsYN:b OINr:s40 VaDt:s20 EnId:s50 VaTp:s20 ReCo:b
EORI:s17
""",
    "KnPerson": """
PadAdr:b! AutoNum:b! MatchPer:s1! BcId:i BcCo:s15 SeNm:s10 CaNm:s80 FiNm:s50 In:s15 Is:s15 LaNm:s80 SpNm:b IsBi:s15
NmBi:s80 IsPa:s15 NmPa:s80 ViUs:s20 ViGe:s20 PsNa:s20 DaBi:d CoBi:s3 RsBi:s50 SoSe:s25 ViCs:s20 DaMa:d DaDi:d DaDe:d
TtId:s3 TtEx:s3 LeHe:s255 TeNr:s255 TeN2:s255 FaNr:s255 MbNr:s255 MbN2:s255 EmAd:s255 EmA2:s255 HoPa:s255 Corr:b
ViMd:s20 Re:t StId:s20 SocN:s255 CrIb:s9 Face:s255 Link:s255 Twtr:s255 LgId:s3 CoLw:s2 FileName:s255 FileStream:t
AddToPortal:b EmailPortal:s255 Sdla:s10 CcNr:s30 CcDa:d BrNr:s30 FiNr:s9 EmAm:s20 SBIc:s10 FileId:s32
""",
    "KnOrganisation": """
PadAdr:b! AutoNum:b! MatchOga:s1! BcId:i BcCo:s15 SeNm:s10 Nm:s255! ViLe:s20 ViLb:s20 CcNr:s30 CcDa:d BrNr:s30
NmRg:s80 RsRg:s50 TtId:s3 LeHe:s255 OuId:s10 TeNr:s255 FaNr:s255 MbNr:s255 EmAd:s255 HoPa:s255 Corr:b ViMd:s20 Re:t
FiNr:s9 StId:s20 EmAm:s20 SocN:s255 CrIb:s9 Face:s255 Link:s255 Twtr:s255 LgId:s3 XpRe:s40 SBIc:s10 BcPa:s15
FileId:s32 FileName:s255 FileStream:t
""",
    "KnBasicAddressAdr": """
CoId:s3! PbAd:b! StAd:s255 Ad:s60 HmNr:i HmAd:s30 ZpCd:s15 Rs:s50 AdAd:s255 BeginDate:d ResZip:b!
""",
    "KnContact": """
BcCoOga:s15 BcCoPer:s15 PadAdr:b! ExAd:s255 CdId:i ViKc:s3 ViFu:s20 FuDs:s50 Corr:b ViMd:s20 TeNr:s255 FaNr:s255
MbNr:s255 EmAd:s255 HoPa:s255 Re:t Bl:b AtLn:s255 LeHe:s255 SocN:s255 Face:s255 Link:s255 Twtr:s255 AddToPortal:b
EmailPortal:s255
""",
}


def _parse(token: str) -> tuple[str, Field]:
    name, _, rest = token.partition(":")
    digits = rest[1:].rstrip("!")
    return name, Field(rest[0], int(digits) if digits else None, rest.endswith("!"))


FIELDS: dict[str, dict[str, Field]] = {
    connector: dict(_parse(token) for token in text.split()) for connector, text in _TEXT.items()
}
"""Object -> its fields."""
