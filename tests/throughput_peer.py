#!/usr/bin/env python3
"""What a plain asyncio script does on the site of `throughput`: fetch, parse, extract, write.

No classification, nothing durable: httpx, feedparser, and trafilatura in two processes.

usage: pip install httpx feedparser trafilatura lxml_html_clean
       cargo bench -p vigia --bench throughput -- --serve > feeds.txt &
       python3 tests/throughput_peer.py feeds.txt
"""
import asyncio, concurrent.futures, json, sys, time

import feedparser, httpx, trafilatura


def extract(page):
    return trafilatura.extract(page, output_format="json", with_metadata=True)


async def main(urls):
    start, written = time.time(), 0
    limit = asyncio.Semaphore(64)
    loop = asyncio.get_running_loop()
    with concurrent.futures.ProcessPoolExecutor(2) as pool, open("peer.jsonl", "w") as out:
        async with httpx.AsyncClient(timeout=30) as client:

            async def article(link):
                nonlocal written
                async with limit:
                    page = (await client.get(link)).text
                text = await loop.run_in_executor(pool, extract, page)
                if text:
                    out.write(json.dumps({"url": link, "article": json.loads(text)}) + "\n")
                    written += 1

            feeds = await asyncio.gather(*(client.get(url) for url in urls))
            links = [e.link for f in feeds for e in feedparser.parse(f.content).entries]
            await asyncio.gather(*(article(link) for link in links))
    seconds = time.time() - start
    print(f"{written} articles in {seconds:.2f} s: {written / seconds:.0f} articles/s")


asyncio.run(main([line.strip() for line in open(sys.argv[1]) if line.startswith("http")]))
