"""For tests of koppel and of plugins: the clock that jumps, scripted counterparts, the conformance suites.

``koppel.testing.sources.SourceSuite`` and ``koppel.testing.targets.TargetSuite`` need pytest.
"""
