"""Errors that break a rule, each with a message for the person."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

Ways = tuple[tuple[str, LazyString], ...]  # (endpoint, text of the link)


class ForumError(Exception):
    """A broken rule.

    Subclasses set the `status`, a `message` that is safe to show, a `heading` if that of the status does not fit, links
    to pages that help (`ways`), whether the address of the Secretariat is given (`names_secretariat`), whether the form
    can be sent again, the number of seconds after which to try again (`retry_after`), and the `field` of the form that
    breaks the rule ("" for none).
    """

    status = 400
    field = ""
    retry_after: int | None = None
    heading: LazyString | None = None
    message = _l("This operation is not possible.")
    ways: Ways = ()
    names_secretariat = False
    form_can_be_sent_again = False


class NotFound(ForumError):
    """Absent, or hidden from this viewer: the two look alike."""

    status = 404
    message = _l("The page could not be found. It may have moved, or the address may be mistyped.")


class NoSuchMessage(NotFound):
    """The same for a number that was never given, of a test that was deleted, and of a message that waits or is in a
    forum that is not published: none of these has been published, and no answer tells which of them it is."""

    heading = _l("There is no such message")
    message = _l(
        "No message with this number has been published. Numbers are never reused: that of a message that was never "
        "published, such as a test, remains unused."
    )


class Forbidden(ForumError):
    status = 403
    message = _l("Your account is not authorized to do this.")


class NotPublic(Forbidden):
    """As Forbidden, for readers who are not signed in."""

    heading = _l("This is not public")
    message = _l(
        "This message is not shown. Only its author, the moderators of the forum and administrators "
        "can read its text, once signed in."
    )
    ways = (("auth.sign_in", _l("Sign in")),)


class NotArchivedYet(Forbidden):
    heading = _l("This is not public yet")
    message = _l(
        "The table of contributions will be available to everyone once the forum has been archived. Until then, only "
        "the moderators of the forum and administrators can download it, once they have signed in."
    )


class NoArchiveYet(NotArchivedYet):
    message = _l(
        "Everyone will be able to download the archive of this forum once the forum has been archived. Until then, it "
        "is available only to the moderators of the forum and to administrators, once signed in."
    )


class NotPublicAnyMore(ForumError):
    """An edition of an archive, while the next one is made."""

    status = 409
    retry_after = 600
    heading = _l("The next edition is being prepared")
    message = _l(
        "Something in this forum has changed since its archive was made, so that edition is no longer provided. "
        "Please try again in a few minutes."
    )


class Suspended(ForumError):
    """Shown only to people who have proved that the account is theirs."""

    status = 403
    names_secretariat = True

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        # A plain string: templates take lazy ones for HTML, and the reason is typed text, which must be escaped.
        self.message: object = _(
            "This account is suspended. If you think that it should not be, please write to the Secretariat. "
            "Reason: %(reason)s",
            reason=reason,
        )


class TooBusy(ForumError):
    """See `app/turns.py`."""

    status = 429
    retry_after = 30
    heading = _l("Please wait a moment")
    message = _l(
        "Long pages and files are prepared one at a time, and others are being prepared now. "
        "Please try again in 30 seconds."
    )


class SecondStepNeeded(ForumError):
    status = 403
    message = _l(
        "Administrators of this site use two-step sign-in. Please set it up first; until then, "
        "nothing can be changed here."
    )
    ways = (("auth.second_step", _l("Set up two-step sign-in")),)


class SecondStepIsOn(ForumError):
    status = 409
    message = _l(
        "Two-step sign-in is already set up for your account. Recovery codes are shown only once; "
        "you can generate new ones."
    )
    ways = (("auth.second_step", _l("Two-step sign-in")),)


class SignedOut(ForumError):
    status = 403
    message = _l("You are no longer signed in. The text that you entered is shown below; sign in and submit it again.")
    form_can_be_sent_again = True


class OnlyAView(ForumError):
    """For administrators who view the site as someone else sees it."""

    status = 403
    message = _l("This is only a preview: nothing can be sent, and no account is shown. Close the preview first.")


class NoAdministrationInAView(OnlyAView):
    """The same about an address of the administration, which the view does not show."""

    heading = _l("The preview is on")
    message = _l("The administration is not shown in a preview. Close the preview first, with the button above.")


class Closed(ForumError):
    status = 409
    message = _l("The discussion is closed and no longer accepts messages.")


class NotYetOpen(ForumError):
    status = 409
    message = _l("The discussion is not open yet. Its page says when it opens.")


class Archived(ForumError):
    status = 409
    message = _l("This forum is archived and can no longer be changed.")


class AlreadyWithdrawn(ForumError):
    status = 409
    message = _l("This message has been withdrawn already.")


class AlreadyWithheld(ForumError):
    status = 409
    message = _l("This message has been withheld by the Secretariat and cannot be changed.")


class AlreadyDecided(ForumError):
    status = 409
    message = _l("A decision has already been taken, perhaps by someone else a moment ago. Nothing has been changed.")


class AnsweredIsGone(ForumError):
    status = 409
    message = _l(
        "The message to which you want to reply has been withdrawn or withheld and can no longer be "
        "answered. You can still post in its topic."
    )


class ChangedMeanwhile(ForumError):
    """The form has no version, or not the current one; see `app.versions`."""

    status = 409
    message = _l("This was changed after you opened the page. Nothing has been saved; please read it again.")


class HiddenMeanwhile(ChangedMeanwhile):
    message = _l(
        "The Secretariat has removed words from this message since you opened the page. They cannot "
        "be restored, so nothing has been saved."
    )


class ApprovedAsItStands(ForumError):
    status = 409
    message = _l(
        "Messages here are read before publication, so a published message cannot be edited. You "
        "can withdraw it or post another."
    )


class TitleStands(ForumError):
    status = 409
    message = _l(
        "Someone else has posted in this topic, or the Secretariat has moved or renamed it. Its "
        "title and question therefore remain unchanged."
    )


class ByInvitation(ForumError):
    status = 403
    message = _l("Only participants approved by the Secretariat can post in this forum. Anyone can read it.")
    names_secretariat = True


class Locked(ForumError):
    status = 409
    message = _l("This topic is locked and no longer accepts messages.")


class Refused(ForumError):
    """A rule with a message of its own for each case."""

    status = 409

    def __init__(self, message: object, field: str = "") -> None:
        super().__init__(str(message))
        self.message = message  # may be lazy
        self.field = field


class LastAdministrator(Refused):
    """`field` is the form field that would remove the right, "" if the whole account would be deleted."""

    def __init__(self, field: str = "") -> None:
        super().__init__(_l("This is the last administrator. Assign the role to someone else first."), field)


class TooIntricate(ForumError):
    status = 422
    message = _l(
        "This text has too many quotes within quotes, lists within lists, or signs such as *, ` and #. Please simplify "
        "it and send it again."
    )


class NoRoom(ForumError):
    status = 507
    heading = _l("Files cannot be stored at the moment")
    message = _l(
        "The server does not have enough space left for files. Nothing was saved. Please send your message "
        "without files, or try again later."
    )
    names_secretariat = True
    form_can_be_sent_again = True


class TokenExpired(ForumError):
    status = 410
    message = _l("This link has expired or has been used already. Please ask for a new one.")


class StopExpired(TokenExpired):
    heading = _l("This link is not valid")
    message = _l("This link is not valid. If you have an account, you can choose on its page which emails you receive.")
    ways = (("following.account", _l("Messages by email")),)


class ConfirmationExpired(TokenExpired):
    message = _l(
        "This link has expired or has been used already. If you have confirmed your address, you can sign in; "
        "otherwise please ask for a new link."
    )
    ways = (("auth.sign_in", _l("Sign in")), ("auth.new_confirmation", _l("Request a new link")))


class InvitationWithdrawn(ForumError):
    status = 409
    message = _l(
        "The Secretariat has withdrawn the invitation by which this person could speak for it. To take part in another "
        "capacity, please sign up again."
    )


class ResetExpired(TokenExpired):
    message = _l(
        "This link has expired or has been used already. If you have chosen a new password, you can sign in with it; "
        "otherwise please ask for a new link."
    )
    ways = (("auth.sign_in", _l("Sign in")), ("auth.forgot", _l("Request a new link")))


class EmailChangeExpired(TokenExpired):
    message = _l(
        "This link has expired or has been used already, or the change was cancelled. Your account "
        "page shows your present address."
    )
    ways = (("auth.account", _l("Your account")),)


class SecondStepExpired(TokenExpired):
    message = _l("Too much time has passed since you entered your password. Please sign in again.")
    ways = (("auth.sign_in", _l("Sign in")),)


class WrongCredentials(ForumError):
    """The same for an unknown address and for a wrong password."""

    status = 422
    message = _l("The email address or password is incorrect. Please check both.")


class NotConfirmed(ForumError):
    status = 422
    message = _l(
        "This email address has not been confirmed yet. We have sent you a new email; please open the link in it, "
        "then sign in."
    )


class ConfirmationMailed(NotConfirmed):
    message = _l(
        "This email address has not been confirmed yet. We have sent emails to it within the last hour: please open "
        "the link in the latest one, then sign in. If you cannot find any, check your spam folder."
    )


class AddressTaken(ForumError):
    """For administrators only: no one else learns whether an address has an account."""

    status = 409
    message = _l("An account with this email address already exists.")


class WrongPassword(ForumError):
    status = 422
    message = _l("This is not your present password. Please check it.")
    field = "password"


class SameAddress(ForumError):
    status = 422
    message = _l("This is the present address of your account. Please enter a different one.")
    field = "email"


class WrongCode(ForumError):
    """The same for a code that is not right, of another time, or used already."""

    status = 422
    message = _l(
        "This code is incorrect or has already been used. Wait until your device shows the next "
        "one, or use one of your recovery codes."
    )
    field = "code"


class WrongFirstCode(WrongCode):
    """The same while the second step is set up, when there are no recovery codes yet."""

    message = _l(
        "This code is incorrect. Check that the app has registered the secret key shown on this "
        "page and that the clock of your device is correct, then enter the next code that it shows."
    )


class NotTheirPassword(WrongPassword):
    message = _l(
        "This is not the password that was chosen when this account was created. Please check it. If you did not "
        "choose it, someone else has completed the form with your email address."
    )
