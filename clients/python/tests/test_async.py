"""The asyncio client against a real daemon and the bundled model."""

import asyncio
import unittest

import finetuned_client as finetuned

from .daemon import MODEL, Daemon

ENDLESS = ["max_new_tokens=1000000", "ignore_eos=true"]


class AsyncClientTests(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.remove)

    async def asyncSetUp(self):
        self.client = finetuned.AsyncClient(self.daemon.socket)
        self.addAsyncCleanup(self.client.close)

    async def test_many_calls_at_a_time(self):
        async def back(text):
            ids = (await self.client.tokenize(model=MODEL, text=text, special_tokens=False))["ids"]
            return (await self.client.detokenize(model=MODEL, ids=ids))["text"]

        texts = [f"number {number}" for number in range(20)]
        self.assertEqual(await asyncio.gather(*map(back, texts)), texts)

    async def test_streams_text(self):
        settings = ["do_sample=false", "max_new_tokens=24", "ignore_eos=true"]
        async with self.client.stream_generate(model=MODEL, prompt="The home of", overrides=settings) as stream:
            pieces = [piece async for piece in stream]
            self.assertGreater(len(pieces), 1)
            self.assertEqual("".join(pieces), (await stream.result())["text"])

    async def test_leaving_a_stream_cancels_it(self):
        async with self.client.stream_generate(model=MODEL, prompt="The", overrides=ENDLESS) as stream:
            async for _ in stream:
                break
        await self.client.generate(model=MODEL, prompt="The", overrides=["max_new_tokens=2"])
        async with self.client.stream_generate(model=MODEL, prompt="The", overrides=ENDLESS) as stream:
            await stream.cancel()
            with self.assertRaises(finetuned.CancelledError):
                await stream.result()

    async def test_a_cancelled_task_stops_the_call(self):
        task = asyncio.create_task(self.client.generate(model=MODEL, prompt="The", overrides=ENDLESS))
        await asyncio.sleep(0.3)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        models = (await self.client.model_list())["models"]
        for _ in range(100):
            if all(model["requests_in_flight"] == 0 for model in models):
                break
            await asyncio.sleep(0.05)
            models = (await self.client.model_list())["models"]
        self.assertTrue(all(model["requests_in_flight"] == 0 for model in models), models)

    async def test_a_job_to_its_end(self):
        job = await self.client.submit(self.daemon.run(3))
        seen = [event["seq"] async for event in self.client.watch(job["id"])]
        self.assertEqual(seen, list(range(1, len(seen) + 1)))
        self.assertEqual((await self.client.wait(job["id"]))["state"], "succeeded")

    async def test_errors_have_kinds(self):
        with self.assertRaises(finetuned.NotFoundError):
            await self.client.job_get(job="77")
        with self.assertRaises(finetuned.UnreachableError):
            await finetuned.AsyncClient("/tmp/no-daemon-here", patience=0.1).system_info()

    async def test_a_watch_goes_on_after_a_restart(self):
        daemon = Daemon()
        self.addCleanup(daemon.remove)
        async with finetuned.AsyncClient(daemon.socket) as client:
            job = await client.submit(daemon.run(60))
            seen = []
            restarted = False
            async for event in client.watch(job["id"]):
                seen.append(event["seq"])
                if event["kind"] == "progress" and not restarted:
                    restarted = True
                    await asyncio.to_thread(daemon.stop)
                    await asyncio.to_thread(daemon.start)
            self.assertTrue(restarted)
            self.assertEqual(seen, list(range(1, len(seen) + 1)))
            self.assertEqual((await client.wait(job["id"]))["state"], "succeeded")


if __name__ == "__main__":
    unittest.main()
