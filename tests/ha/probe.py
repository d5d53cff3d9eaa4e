"""A writer of rows in place of beamlive: shows what the cluster alone does. Needs psycopg."""

from __future__ import annotations

import threading
import time

import psycopg

from books import Books, compare
from cluster import Cluster

WRITERS = 4
PAUSE_SECONDS = 0.02
SETTINGS = "&connect_timeout=2&keepalives_idle=2&keepalives_interval=1&keepalives_count=3&tcp_user_timeout=5000"


class Probe:
    """Writers, each with a connection of its own. A row whose commit fails is not written again."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.books = Books()
        self.scenario = ""
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        with psycopg.connect(cluster.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE probe (id bigserial PRIMARY KEY, name text)")

    def start(self, scenario: str) -> None:
        """Starts a new record."""
        self.books, self.scenario = Books(), scenario
        self._stop.clear()
        self._threads = [threading.Thread(target=self._write, args=(number,), daemon=True) for number in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def audit(self) -> tuple[list[str], list[str]]:
        """Rows that are lost, and those that exist twice, by name."""
        return compare(
            self.books, self.cluster.query(f"SELECT id, name FROM probe WHERE name LIKE '{self.scenario}-%'")
        )

    def _write(self, number: int) -> None:
        count = 0
        while not self._stop.is_set():
            try:
                with psycopg.connect(self.cluster.url + SETTINGS, autocommit=True) as connection:
                    while not self._stop.wait(PAUSE_SECONDS):
                        count += 1
                        self._insert(connection, f"{self.scenario}-{number}-{count}")
            except psycopg.Error:
                time.sleep(0.1)

    def _insert(self, connection: psycopg.Connection, name: str) -> None:
        due = time.monotonic()
        with self.books.lock:
            self.books.sent.add(name)
        try:
            row = connection.execute("INSERT INTO probe (name) VALUES (%s) RETURNING id", [name]).fetchone()
        except psycopg.Error:
            with self.books.lock:
                self.books.unanswered += 1
            raise
        if row is not None:
            self.books.acknowledge(name, row[0], due)
