"""AWS's errors in the domain's words, and items that are too large."""

import pytest
from botocore.exceptions import ClientError
from tests.outages import refusal, unreachable

from whenflow.aws.dynamo import body, condition_failed, document, translated
from whenflow.errors import TooLarge, Transient


@pytest.mark.parametrize(
    "code",
    [
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    ],
)
def test_what_passes_by_itself_is_transient(code):
    with pytest.raises(Transient, match=code), translated():
        raise refusal(code)


def test_a_connection_that_breaks_is_transient():
    with pytest.raises(Transient, match="cannot be reached"), translated():
        raise unreachable()


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_that_met_another_is_transient(reason):
    error = refusal("TransactionCanceledException", CancellationReasons=[{"Code": "None"}, {"Code": reason}])

    with pytest.raises(Transient), translated():
        raise error


def test_a_condition_that_failed_is_the_callers_to_look_at():
    error = refusal("ConditionalCheckFailedException")

    with pytest.raises(ClientError), translated():
        raise error
    assert condition_failed(error)


def test_a_condition_that_failed_in_a_transaction_is_the_callers_to_look_at():
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed"}]
    error = refusal("TransactionCanceledException", CancellationReasons=reasons)

    with pytest.raises(ClientError), translated():
        raise error
    assert condition_failed(error)


def test_a_refused_permission_is_neither_transient_nor_a_failed_condition():
    error = refusal("AccessDeniedException")

    with pytest.raises(ClientError), translated():
        raise error
    assert not condition_failed(error)


def test_a_document_comes_out_of_an_item_as_it_went_in():
    order = {"number": 7, "note": None, "lines": ["tea", "☕"], "half": "\ud83d"}

    assert document({"body": body(order)}) == order


def test_a_document_that_fits_no_item_is_refused_with_both_sizes():
    import random

    with pytest.raises(TooLarge, match=r"It has [\d,]+ bytes when compressed; this version stores at most 380,000"):
        body({"noise": random.Random(7).randbytes(400_000).hex()})
