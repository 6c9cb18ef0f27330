"""The client against a real daemon and the bundled model."""

import os
import threading
import unittest
from unittest import mock

import finetuned_client as finetuned
from finetuned_client import protocol

from .daemon import MODEL, Daemon

GREEDY = ["do_sample=false"]
ENDLESS = ["max_new_tokens=1000000", "ignore_eos=true"]


class ClientTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.remove)

    def setUp(self):
        self.client = finetuned.Client(self.daemon.socket)
        self.addCleanup(self.client.close)

    def test_typed_methods(self):
        info = self.client.system_info()
        self.assertEqual(info["process"], self.daemon.process.pid)
        ids = self.client.tokenize(model=MODEL, text="The home of", special_tokens=False)["ids"]
        self.assertEqual(self.client.detokenize(model=MODEL, ids=ids)["text"], "The home of")
        answer = self.client.generate(model=MODEL, ids=ids, overrides=[*GREEDY, "max_new_tokens=5"])
        self.assertLessEqual(len(answer["ids"]), 5)
        scored = self.client.logprobs(model=MODEL, ids=[*ids, *answer["ids"]])
        self.assertEqual(len(scored["token_logprobs"]), len(ids) + len(answer["ids"]) - 1)

    def test_errors_have_kinds(self):
        with self.assertRaises(finetuned.NotFoundError) as caught:
            self.client.job_get(job="77")
        self.assertEqual(caught.exception.kind, "not_found")
        self.assertIn("77", str(caught.exception))
        with self.assertRaises(finetuned.BadConfigError):
            self.client.submit({"stage": "nonsense"})
        with self.assertRaises(finetuned.BadRequestError):
            self.client.call("no.method")
        with self.assertRaises(finetuned.ServiceError):
            self.client.generate(model=MODEL)
        # The connection is as good as before.
        self.assertIn("version", self.client.system_info())

    def test_streams_text(self):
        settings = [*GREEDY, "max_new_tokens=24", "ignore_eos=true"]
        stream = self.client.stream_generate(model=MODEL, prompt="The home of", overrides=settings)
        pieces = list(stream)
        self.assertGreater(len(pieces), 1)
        self.assertEqual("".join(pieces), stream.result()["text"])
        whole = self.client.generate(model=MODEL, prompt="The home of", overrides=settings)
        self.assertEqual(whole["ids"], stream.result()["ids"])
        chat = self.client.stream_chat(
            model=MODEL,
            messages=[{"role": "user", "content": "Where does Ada live?"}],
            overrides=[*GREEDY, "template=xverse", "max_new_tokens=8"],
        )
        self.assertEqual("".join(chat), chat.result()["text"])

    def test_leaving_a_stream_cancels_it(self):
        with self.client.stream_generate(model=MODEL, prompt="The", overrides=ENDLESS) as stream:
            for _ in stream:
                break
        with self.assertRaises(finetuned.CancelledError):
            stream.result()
        # The model is free for others at once.
        self.client.generate(model=MODEL, prompt="The", overrides=["max_new_tokens=2"])

    def test_calls_beside_an_open_stream(self):
        with self.client.stream_generate(model=MODEL, prompt="The", overrides=ENDLESS) as stream:
            pieces = iter(stream)
            next(pieces)
            self.assertIn("version", self.client.system_info())
            next(pieces)

    def test_calls_from_several_threads(self):
        results = {}

        def work(number):
            for _ in range(10):
                text = f"number {number}"
                ids = self.client.tokenize(model=MODEL, text=text, special_tokens=False)["ids"]
                results[number] = self.client.detokenize(model=MODEL, ids=ids)["text"]

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(results, {number: f"number {number}" for number in range(6)})

    def test_a_job_from_its_file_to_its_end(self):
        job = self.client.submit(self.daemon.yaml(4), ["learning_rate=2e-3"])
        watch = self.client.watch(job["id"])
        events = list(watch)
        self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
        self.assertEqual(watch.job["state"], "succeeded")
        steps = [event["fields"]["step"] for event in events if event["kind"] == "progress"]
        self.assertEqual(sorted(set(steps))[-1], 4)
        # From the middle, only the rest comes.
        middle = events[len(events) // 2]["seq"]
        self.assertEqual([event["seq"] for event in self.client.watch(job["id"], middle)][0], middle + 1)
        self.assertEqual(self.client.wait(job["id"])["id"], job["id"])

    def test_a_failed_job_raises_its_kind(self):
        job = self.client.submit(self.daemon.run(100_000))
        self.client.job_cancel(job=job["id"])
        with self.assertRaises(finetuned.CancelledError):
            self.client.wait(job["id"])
        self.assertEqual(self.client.wait(job["id"], check=False)["state"], "cancelled")

    def test_a_repeated_submission_is_one_job(self):
        token = "same"
        first = self.client.submit(self.daemon.run(2), client_token=token)
        again = self.client.submit(self.daemon.run(2), client_token=token)
        self.assertEqual(first["id"], again["id"])
        self.client.wait(first["id"])

    def test_without_a_daemon(self):
        with self.assertRaises(finetuned.UnreachableError):
            finetuned.Client("/tmp/no-daemon-here", patience=0.1).system_info()


class RestartTests(unittest.TestCase):
    def test_a_watch_goes_on_after_a_restart(self):
        daemon = Daemon()
        self.addCleanup(daemon.remove)
        with finetuned.Client(daemon.socket) as client:
            job = client.submit(daemon.run(60))
            seen = []
            restarted = False
            for event in (watch := client.watch(job["id"])):
                seen.append(event["seq"])
                if event["kind"] == "progress" and not restarted:
                    restarted = True
                    daemon.stop()
                    daemon.start()
            self.assertTrue(restarted)
            self.assertEqual(watch.job["state"], "succeeded")
            # Nothing is missing and nothing comes twice.
            self.assertEqual(seen, list(range(1, len(seen) + 1)))


class PathTests(unittest.TestCase):
    def test_the_socket_is_chosen_as_tunectl_does(self):
        with mock.patch.dict(os.environ, {"FINETUNED_SOCKET": "/chosen"}):
            self.assertEqual(protocol.socket_path(), "/chosen")
            self.assertEqual(protocol.socket_path("/given"), "/given")
        with mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": "/nowhere", "XDG_STATE_HOME": "/nowhere"}):
            os.environ.pop("FINETUNED_SOCKET", None)
            self.assertEqual(protocol.socket_path(), "/run/finetuned/finetuned.sock")

    def test_what_is_no_message_is_refused(self):
        for line in (b"no json\n", b"[1]\n", b"\xff\n"):
            with self.assertRaises(finetuned.ProtocolError):
                protocol.parse(line)


if __name__ == "__main__":
    unittest.main()
