"""How often things may be done: counted in Redis for all workers together, and in memory while Redis does not answer.

All default amounts are listed here. The configuration can override each one, as `LIMIT_` and its name in capitals.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TypeVar

from flask import Flask, current_app
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

AMOUNTS = {
    "sign_in_from_network": "50 per 10 minutes",
    "sign_in_to_account_from_network": "10 per 10 minutes; 40 per day",
    "sign_in_to_account": "200 per hour",
    "sign_in_of_browser": "10 per 10 minutes; 50 per day",
    "second_step_of_person_from_network": "10 per 10 minutes",
    "second_step_of_person": "50 per day",
    "second_step_of_known_browsers": "10 per 10 minutes; 50 per day",
    "sign_up_from_network": "60 per hour",
    "sign_up_to_account_from_network": "5 per hour",
    "confirmation_from_network": "10 per 10 minutes",
    "mails_from_network": "30 per hour",
    "mails_of_browser": "10 per hour",
    "confirmation_mails_to_account": "3 per hour",
    "reset_mails_to_account": "3 per hour",
    "password_of_person": "10 per 10 minutes; 50 per day",
    "email_change_of_person": "5 per hour",
    "searches_from_network": "300 per minute",
    "searches_of_person": "60 per minute",
}
SECONDS_TO_ANSWER = 0.2  # for a connection to Redis and for each question, each tried twice
SECONDS_AWAY = 5.0  # for which a Redis that did not answer is not asked again
BITS_OF_A_SITE = 64  # of an IPv6 address: RFC 6177 gives no site less

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Limit:
    """`name` is one of AMOUNTS; `key` says who is counted, such as a network and an account."""

    name: str
    key: str


class Store:
    """The counters of one application; `redis_url` is "" if only memory is used."""

    def __init__(self, redis_url: str) -> None:
        self._memory = FixedWindowRateLimiter(MemoryStorage())
        self._redis = FixedWindowRateLimiter(_redis(redis_url)) if redis_url else None
        self._is_away = False
        self._asked_at = 0.0

    def ask(self, question: Callable[[FixedWindowRateLimiter], T]) -> T:
        """The answer of Redis, or of the counters in memory while Redis does not answer."""
        if self._redis is None or (self._is_away and time.monotonic() - self._asked_at < SECONDS_AWAY):
            return question(self._memory)
        self._asked_at = time.monotonic()
        try:
            answer = question(self._redis)
        except StorageError as error:
            if not self._is_away:
                log.warning("Redis does not answer, limits are counted in memory: %s", error)
            self._is_away = True
            return question(self._memory)
        if self._is_away:
            log.warning("Redis answers again, limits are counted there")
        self._is_away = False
        return answer

    def is_sound(self) -> bool:
        """Whether the counters are where they should be."""
        self.ask(lambda counters: counters.storage.get("health"))
        return not self._is_away


class Limiter:
    """The limits of the current application; with RATELIMIT_ENABLED off, nothing is limited."""

    def init_app(self, app: Flask) -> None:
        app.config.setdefault("RATELIMIT_ENABLED", True)
        app.extensions["limits"] = Store(app.config["SITE"].redis_url)

    def take(self, *limits: Limit) -> datetime | None:
        """Count one more for each limit. If one of them is used up, count nothing and return when it ends.

        Attempts are counted before they are made, so that many at the same moment are limited too; `give_back` takes
        back those that turn out not to count.
        """
        if not current_app.config["RATELIMIT_ENABLED"]:
            return None
        ends = [_store().ask(partial(_taken, item, limit)) for limit, item in _items(limits)]
        latest = max(ends, default=0.0)
        if not latest:
            return None
        self.give_back(*limits)
        return datetime.fromtimestamp(latest, UTC)

    def give_back(self, *limits: Limit) -> None:
        """Count one less for each limit."""
        if current_app.config["RATELIMIT_ENABLED"]:
            for limit, item in _items(limits):
                _store().ask(partial(_given_back, item, limit))

    def is_sound(self) -> bool:
        """Whether limits are counted for all workers together, if that is set up."""
        return _store().is_sound()


def network_of(address: str | None) -> str:
    """The network that counts as one visitor: an IPv4 address, also if mapped into IPv6, or a /64 of IPv6."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if not isinstance(found, IPv6Address):
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped or IPv6Network((int(found), BITS_OF_A_SITE), strict=False))


def _store() -> Store:
    store: Store = current_app.extensions["limits"]
    return store


def _items(limits: tuple[Limit, ...]) -> list[tuple[Limit, RateLimitItem]]:
    amounts = ((limit, current_app.config.get(f"LIMIT_{limit.name.upper()}", AMOUNTS[limit.name])) for limit in limits)
    return [(limit, item) for limit, amount in amounts for item in _parsed(amount)]


def _taken(item: RateLimitItem, limit: Limit, counters: FixedWindowRateLimiter) -> float:
    """Count one more. Returns when the window of a limit that is used up ends, in Unix time; 0 if it is not used up."""
    if counters.hit(item, limit.name, limit.key):
        return 0.0
    return counters.get_window_stats(item, limit.name, limit.key).reset_time


def _given_back(item: RateLimitItem, limit: Limit, counters: FixedWindowRateLimiter) -> None:
    """Count one less, if anything is counted: the window may have ended since, or other counters be in use."""
    if counters.get_window_stats(item, limit.name, limit.key).remaining < item.amount:
        counters.hit(item, limit.name, limit.key, cost=-1)


@cache
def _parsed(amount: str) -> list[RateLimitItem]:
    return parse_many(amount)


def _redis(url: str) -> RedisStorage:
    """Each question is tried twice, since a restart of Redis ends the earlier connections."""
    pool = ConnectionPool.from_url(
        url,
        socket_connect_timeout=SECONDS_TO_ANSWER,
        socket_timeout=SECONDS_TO_ANSWER,
        retry=Retry(NoBackoff(), 1),
    )
    return RedisStorage(url, connection_pool=pool, wrap_exceptions=True)
