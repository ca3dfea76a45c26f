"""What is said when a bucket can't be used."""

from __future__ import annotations

from botocore.exceptions import ClientError, NoCredentialsError, PartialCredentialsError

from tourserver.core.errors import Unavailable
from tourserver.core.messages import N_
from tourserver.core.storage_address import Address


class StorageUnavailable(Unavailable):
    """The bucket doesn't answer, or refuses. Nothing was changed; it may be tried again."""

    code = "storage_unavailable"


def unavailable() -> StorageUnavailable:
    """While running; what the library said is the cause."""
    return StorageUnavailable(N_("The file storage does not answer. Try again in a moment."))


def code_of(error: Exception) -> str:
    """The protocol's short word for an error, such as ``AccessDenied``; else the error's own name."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "")) or "unknown"
    return type(error).__name__


def not_usable(address: Address, error: Exception) -> StorageUnavailable:
    """At start, for the operator: what is wrong with the bucket, and what to do."""
    code = code_of(error)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        message = N_(
            "No complete credentials for the bucket “%(bucket)s” were found. Set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or give this machine a role that may use it."
        )
    elif code in ("NoSuchBucket", "404"):
        message = N_("There is no bucket “%(bucket)s” at %(endpoint)s. Make it, or correct TOURSERVER_STORAGE_URL.")
    elif code in ("AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed"):
        message = N_(
            "The bucket “%(bucket)s” at %(endpoint)s refused (%(reason)s). Check the credentials and the region, and "
            "that they may s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket there."
        )
    elif isinstance(error, ClientError):
        message = N_(
            "The bucket “%(bucket)s” at %(endpoint)s can't be written (%(reason)s). Check it with its provider; "
            "without TOURSERVER_STORAGE_URL files are kept in the data folder."
        )
    else:
        message = N_(
            "Nothing useful answers at %(endpoint)s (%(reason)s). Check the endpoint and the region in "
            "TOURSERVER_STORAGE_URL, and that this machine reaches it."
        )
    endpoint = address.endpoint or "AWS"
    return StorageUnavailable(message, bucket=address.bucket, endpoint=endpoint, reason=code)
