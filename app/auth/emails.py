"""E-mail addresses in the one form in which accounts keep them."""

from email_validator import EmailNotValidError, validate_email

LONGEST = 254  # in characters, of an address that mail can be sent to (RFC 3696, erratum 1690)


def normal_email(typed: str) -> str | None:
    """The address in lower case and in ASCII, None where it cannot be one. Nothing is asked of the network."""
    if len(typed) > LONGEST:
        return None
    try:
        found = validate_email(typed.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    return (found.ascii_email or "").lower() or None
