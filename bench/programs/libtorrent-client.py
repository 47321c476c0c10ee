# libtorrent has no command line of its own: this is the least of one. It ends when the work is done.
#   libtorrent-client.py get TORRENT DIRECTORY ADDRESS
#   libtorrent-client.py check TORRENT DIRECTORY ADDRESS            hashes what is there; ends with 1 when it is not complete
#   libtorrent-client.py create PIECE_LENGTH PATH TORRENT

import os
import sys
import time

import libtorrent as lt

LOOK_EVERY_S = 0.01


def add(torrent, directory, address):
    session = lt.session({
        'listen_interfaces': address + ':0',
        'outgoing_interfaces': address,
        'enable_dht': False,
        'enable_lsd': False,
        'enable_upnp': False,
        'enable_natpmp': False,
        # TCP alone, in the clear, as everybody here; and no limit of its own that would hold it back.
        'enable_outgoing_utp': False,
        'enable_incoming_utp': False,
        'out_enc_policy': int(lt.enc_policy.disabled),
        'connections_limit': 4000,
        'max_out_request_queue': 2000,
        'allow_multiple_connections_per_ip': True,
        'hashing_threads': os.cpu_count(),
        'alert_mask': 0,
    })
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(torrent)
    parameters.save_path = directory
    return session, session.add_torrent(parameters)


def get(torrent, directory, address):
    session, handle = add(torrent, directory, address)
    while not handle.status().is_seeding:
        time.sleep(LOOK_EVERY_S)
    # In a swarm others need what it has: it stays as long as its caller lets it.
    if os.environ.get('SEED_UNTIL'):
        open(os.environ['SEED_UNTIL'], 'w').close()
        time.sleep(600)


def check(torrent, directory, address):
    session, handle = add(torrent, directory, address)
    states = lt.torrent_status.states
    while True:
        status = handle.status()
        if status.state not in (states.checking_files, states.checking_resume_data):
            return 0 if status.is_seeding else 1
        time.sleep(LOOK_EVERY_S)


def create(piece_length, path, torrent):
    files = lt.file_storage()
    lt.add_files(files, path)
    creator = lt.create_torrent(files, int(piece_length), int(lt.create_torrent.v1_only))
    lt.set_piece_hashes(creator, os.path.dirname(path))
    with open(torrent, 'wb') as out:
        out.write(lt.bencode(creator.generate()))


if __name__ == '__main__':
    code = {'get': get, 'check': check, 'create': create}[sys.argv[1]](*sys.argv[2:])
    # Without waiting for the session's farewell to trackers.
    os._exit(code or 0)
