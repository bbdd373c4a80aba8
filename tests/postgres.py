"""A real PostgreSQL for the tests of the store: `.ci/run` starts one and says where it is."""

import os
import unittest

import psycopg
from sqlalchemy import make_url

VARIABLE = "CFX_TEST_DATABASE"


def empty_postgres() -> str:
    """Return the URL of a database of this worker's own, in which cfx has no tables.

    Where there is no server the test that asks is skipped, but fails where CI=true.
    """
    url = os.environ.get(VARIABLE, "")
    if not url:
        assert os.environ.get("CI") != "true", f"{VARIABLE} is not set"
        raise unittest.SkipTest(f"{VARIABLE} is not set: there is no PostgreSQL to test with")
    name = f"cfx_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name}".encode())
    return make_url(url).set(database=name).render_as_string(hide_password=False)
