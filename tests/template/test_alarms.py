"""Somebody is told."""

import pytest
from tests.template.loading import functions, mappings, names_in, of_type, referred

ALARMS = of_type("AWS::CloudWatch::Alarm")


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
@pytest.mark.parametrize("function", sorted(functions()))
def test_every_function_has_an_alarm(function: str, metric: str) -> None:
    assert [
        alarm["Threshold"]
        for alarm in ALARMS.values()
        if alarm["MetricName"] == metric and names_in(alarm["Dimensions"]) == {function}
    ] == [0]


def test_every_stream_has_an_alarm_for_falling_behind() -> None:
    streams = [one for one in mappings().values() if "StartingPosition" in one and "Topics" not in one]
    reading = {referred(one["FunctionName"]) for one in streams}
    watched = {
        name
        for alarm in ALARMS.values()
        if alarm["MetricName"] == "IteratorAge"
        for name in names_in(alarm["Dimensions"])
    }

    assert reading == watched


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarm_tells_the_topic_and_is_quiet_when_nothing_happens(name: str) -> None:
    assert ALARMS[name]["AlarmActions"] == {
        "Fn::If": ["TellsAlarms", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]
    }
    assert ALARMS[name]["TreatMissingData"] == "notBreaching"
    assert ALARMS[name]["AlarmDescription"].endswith(".")
