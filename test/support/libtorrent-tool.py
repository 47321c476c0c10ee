# What the tests need of libtorrent, which has no command line of its own.
#   libtorrent-tool.py seed PORT any|rc4|plaintext CONTENT_DIRECTORY TORRENT...
#       seeds without checking, until killed; with any but `any` it takes encrypted connections alone, and of those only what is named
#   libtorrent-tool.py dial HOST:PORT any|rc4|plaintext CONTENT_DIRECTORY TORRENT      the same, and connects to that peer again and again
#   libtorrent-tool.py leech DIRECTORY plain|encrypted {TORRENT HOST:PORT}...    downloads each from its peer, until killed
#   libtorrent-tool.py join lsd|pex PORT RATE DIRECTORY TORRENT [HOST:PORT...]
#       takes part, until killed: with the files in DIRECTORY as a seed; finds others by that alone, beside the peers named; downloads with at
#       most RATE bytes per second, 0: no limit
#   libtorrent-tool.py create v1|v1-padded|hybrid PIECE_LENGTH CONTENT_PATH TORRENT
#       makes a torrent, and its pad files beside the content for clients that take them for files

import os
import sys
import time

import libtorrent as lt


def seed(port, encryption, content, *torrents):
    start(port, encryption, content, torrents)
    while True:
        time.sleep(60)


def dial(peer, encryption, content, torrent):
    host, port = peer.rsplit(':', 1)
    [handle] = start(0, encryption, content, [torrent])
    while True:
        handle.connect_peer((host, int(port)))
        time.sleep(0.5)


def start(port, encryption, content, torrents):
    global session  # torrents end with it
    forced = 0
    levels = {'plaintext': 1, 'rc4': 2}
    session = lt.session({
        'listen_interfaces': f'0.0.0.0:{port}',
        'enable_dht': False,
        'enable_lsd': False,
        'enable_upnp': False,
        'enable_natpmp': False,
        'allow_multiple_connections_per_ip': True,
        'active_seeds': -1,
        'active_limit': -1,
        'unchoke_slots_limit': -1,
        'enable_outgoing_utp': False,
        'min_reconnect_time': 0,
        'max_failcount': 1000,
        **({} if encryption == 'any' else {
            'in_enc_policy': forced,
            'out_enc_policy': forced,
            'allowed_enc_level': levels[encryption],
        }),
    })
    handles = []
    for torrent in torrents:
        parameters = lt.add_torrent_params()
        parameters.ti = lt.torrent_info(torrent)
        parameters.save_path = content
        parameters.flags = lt.torrent_flags.seed_mode | lt.torrent_flags.disable_dht | lt.torrent_flags.disable_pex
        handles.append(session.add_torrent(parameters))
    return handles


def leech(directory, encryption, *torrents_and_peers):
    settings = {
        'listen_interfaces': '',
        'enable_dht': False,
        'enable_lsd': False,
        'enable_upnp': False,
        'enable_natpmp': False,
        'enable_outgoing_utp': False,
        'active_downloads': -1,
        'active_limit': -1,
        'min_reconnect_time': 0,
        'max_failcount': 1000,
    }
    if encryption == 'encrypted':
        settings['out_enc_policy'] = int(lt.enc_policy.pe_forced)
        settings['in_enc_policy'] = int(lt.enc_policy.pe_forced)
        settings['allowed_enc_level'] = int(lt.enc_level.pe_rc4)
    else:
        settings['out_enc_policy'] = int(lt.enc_policy.pe_disabled)
        settings['in_enc_policy'] = int(lt.enc_policy.pe_disabled)
    session = lt.session(settings)
    handles = []
    for torrent, peer in zip(torrents_and_peers[::2], torrents_and_peers[1::2]):
        parameters = lt.add_torrent_params()
        parameters.ti = lt.torrent_info(torrent)
        parameters.save_path = directory
        handle = session.add_torrent(parameters)
        host, port = peer.rsplit(':', 1)
        handles.append((handle, (host, int(port))))
    while True:
        for handle, peer in handles:
            if handle.status().num_peers == 0 and not handle.status().is_seeding:
                handle.connect_peer(peer)
        time.sleep(0.5)


def join(how, port, rate, directory, torrent, *peers):
    session = lt.session({
        'listen_interfaces': f'0.0.0.0:{port},[::]:{port}',
        'enable_dht': False,
        'enable_lsd': how == 'lsd',
        'enable_upnp': False,
        'enable_natpmp': False,
        'enable_outgoing_utp': False,
        'enable_incoming_utp': False,
        'allow_multiple_connections_per_ip': True,
    })
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(torrent)
    parameters.save_path = directory
    if how != 'pex':
        parameters.flags |= lt.torrent_flags.disable_pex
    handle = session.add_torrent(parameters)
    handle.set_download_limit(int(rate))  # that of the session is not for peers of one network
    while True:
        for peer in peers:
            host, peer_port = peer.rsplit(':', 1)
            if handle.status().num_peers < len(peers) and not handle.status().is_seeding:
                handle.connect_peer((host, int(peer_port)))
        time.sleep(0.5)


def create(version, piece_length, path, torrent):
    flags = {
        'v1': lt.create_torrent.v1_only,
        'v1-padded': lt.create_torrent.v1_only | lt.create_torrent.canonical_files,
        'hybrid': 0,
    }[version]
    directory = os.path.dirname(path)
    files = lt.file_storage()
    lt.add_files(files, path)
    creator = lt.create_torrent(files, int(piece_length), int(flags))
    lt.set_piece_hashes(creator, directory)
    with open(torrent, 'wb') as out:
        out.write(lt.bencode(creator.generate()))
    made = lt.torrent_info(torrent).files()
    for index in range(made.num_files()):
        if made.file_flags(index) & lt.file_storage.flag_pad_file:
            pad = os.path.join(directory, made.file_path(index))
            os.makedirs(os.path.dirname(pad), exist_ok=True)
            with open(pad, 'wb') as out:
                out.truncate(made.file_size(index))


if __name__ == '__main__':
    {'seed': seed, 'dial': dial, 'leech': leech, 'join': join, 'create': create}[sys.argv[1]](*sys.argv[2:])
