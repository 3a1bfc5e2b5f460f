"""AFAS' own country codes. They look like car plates, and some look like ISO codes of other countries.

``EL`` is El Salvador, ``AS`` Saudi Arabia, ``MA`` Morocco but ``MAR`` the Marshall Islands: a code that is passed
through unmapped books another country without anybody noticing [fact sheet 10.8, spec/countrycodes.csv].
"""

_SAME = """
AE AG AL AM AW AX AZ BA BD BG BL BM BQ BR BS BT BY CH CI CN CO CR CV CW CY CZ DK DZ EC EE GA GB GE GF GG GH GN GP GR
GW HK HR IL IM IR IS JE KG KM KN KZ LS LT LV MA MC MD MF MK MO MQ MV MW NL NR NZ PA PE PK PL PR PY QA RO SB SK SN SS
ST SX TG TN TO TR TT TV UA VN VU XK YU ZA ZW
"""
"""ISO alpha-2 codes that AFAS uses as they are."""

_OWN = """
AD=AND AF=AFG AI=AIA AN=NA AO=AN AQ=ATA AR=RA AS=ASM AT=A AU=AUS BB=BDS BE=B BF=BU BH=BRN BI=RU BJ=DY BN=BRU BO=BOL
BV=BVT BW=RB BZ=BH CA=CDN CC=CCK CD=ZRE CF=RCA CG=RCB CK=COK CL=RCH CM=TC CU=C CX=CXR DE=D DJ=DJI DM=WD DO=DOM EG=ET
EH=ESH ER=ERI ES=E ET=ETH FI=FIN FJ=FJI FK=FLK FM=MIC FO=FRO FR=F GD=WG GI=GIB GL=GRO GM=WAG GQ=EQ GS=SGS GT=GCA
GU=GUM GY=GUY HM=HMD HN=HON HT=RH HU=H ID=RI IE=IRL IN=IND IO=IOT IQ=IRQ IT=I JM=JA JO=HKJ JP=J KE=EAK KH=K KI=KIR
KP=KO KR=ROK KW=KWT KY=CYM LA=LAO LB=RL LC=WL LI=FL LK=CL LR=LB LU=L LY=LAR ME=MNE MG=RM MH=MAR ML=RMM MM=BUR MN=MON
MP=MNP MR=RIM MS=MSR MT=M MU=MS MX=MEX MY=MAL MZ=MOC NA=SWA NC=NCL NE=RN NF=NFK NG=WAN NI=NIC NO=N NP=NPL NU=NIU
OM=OMA PF=PYF PG=PNG PH=RP PM=SPM PN=PCN PS=PSE PT=P PW=PLW RE=REU RS=SRB RU=RUS RW=RWA SA=AS SC=SY SD=SUD SE=S
SG=SGP SH=SHN SI=SLO SJ=SJM SL=WAL SM=RSM SO=SP SR=SME SV=EL SY=SYR SZ=SD TC=TCA TD=TS TF=ATF TH=T TJ=TAD TK=TKL
TL=TLS TM=TMN TW=RC TZ=EAT UG=EAU UM=UMI US=USA UY=ROU UZ=OEZ VA=VAT VC=WV VE=YV VG=VGB VI=VIR WF=WLF WS=WSM YE=YMN
YT=MYT ZM=Z
"""
"""ISO alpha-2 = AFAS, where the two differ."""

AFAS_COUNTRIES: dict[str, str] = {
    **{code: code for code in _SAME.split()},
    **{iso: afas for iso, _, afas in (pair.partition("=") for pair in _OWN.split())},
}
"""ISO 3166 alpha-2 -> the code that AFAS calls ``CoId``. The environment's own list is ``ProfitCountries``."""
