"""A real PostgreSQL for the tests of the store: `.ci/run` starts one and says where it is."""

import os
import unittest

import psycopg

VARIABLE = "CFX_TEST_DATABASE"


def empty_postgres() -> str:
    """Return the URL of a server's database in which cfx has no tables.

    Where there is no server the test that asks is skipped, but fails where CI=true.
    """
    url = os.environ.get(VARIABLE, "")
    if not url:
        assert os.environ.get("CI") != "true", f"{VARIABLE} is not set"
        raise unittest.SkipTest(f"{VARIABLE} is not set: there is no PostgreSQL to test with")
    with psycopg.connect(url) as connection:
        connection.execute("DROP SCHEMA IF EXISTS cfx CASCADE")
    return url
