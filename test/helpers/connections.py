"""Many TCP connections that are kept open.

usage: connections.py serve PORT                     echo, IPv6
       connections.py hold ADDRESS PORT COUNT        says "open N", then for each line of input: sends a byte on
                                                     each, and says "alive N" when all came back or LIMIT is over
"""
import asyncio
import sys

LIMIT = 10


async def serve(port):
    async def echo(reader, writer):
        while data := await reader.read(4096):
            writer.write(data)

    server = await asyncio.start_server(echo, '::', port, backlog=2048)
    await server.serve_forever()


async def hold(address, port, count):
    gate = asyncio.Semaphore(50)

    async def connect():
        async with gate:
            return await asyncio.wait_for(asyncio.open_connection(address, port), LIMIT)

    async def alive(connection):
        reader, writer = connection
        try:
            writer.write(b'x')
            return await asyncio.wait_for(reader.readexactly(1), LIMIT) == b'x'
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
            return False

    found = await asyncio.gather(*(connect() for _ in range(count)), return_exceptions=True)
    connections = [one for one in found if not isinstance(one, BaseException)]
    print(f'open {len(connections)}', flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        answers = await asyncio.gather(*(alive(one) for one in connections))
        print(f'alive {sum(answers)}', flush=True)


if sys.argv[1] == 'serve':
    asyncio.run(serve(int(sys.argv[2])))
else:
    asyncio.run(hold(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
