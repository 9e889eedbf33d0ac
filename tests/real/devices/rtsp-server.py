"""An RTSP server with a moving picture: rtsp-server.py PORT [USER PASSWORD] [FILE.mp4 …].

Small at /door, large at /main, with one key frame for each client at /slow, with pixels that are not square at /pal, over
UDP alone at /udp, with sound at /sound, of another size after three seconds at /turned. Each file, of H.264, at its name: main.mp4 at /main.mp4.

Prints "ready" when it listens, and what each client asks for: TCP or UDP.
"""

import os
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
port, *more = sys.argv[1:]
files = [one for one in more if one.endswith(".mp4")]
login = [one for one in more if one not in files]
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)



def stream(width: int, height: int, key: int = 20, aspect: str = "1/1", shared: bool = True):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_shared(shared)
    factory.set_launch(
        f"( videotestsrc is-live=true pattern=ball ! video/x-raw,width={width},height={height},framerate=20/1,"
        f"pixel-aspect-ratio={aspect} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max={key}"
        " ! rtph264pay name=pay0 pt=96 )"
    )
    return factory


def with_sound():
    factory = stream(320, 240)
    sound = "audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay1 pt=8"
    factory.set_launch(f"{factory.get_launch()[:-1]} {sound} )")
    return factory


def turned():
    factory = stream(320, 240, shared=False)
    # The size that the filter lets through changes; each key frame says which it is.
    before, after = "video/x-raw,width=320,height=240", "video/x-raw,width=240,height=320"
    launch = factory.get_launch().replace("! x264enc", f"! videoscale ! capsfilter name=size caps={before} ! x264enc")
    factory.set_launch(launch.replace("rtph264pay", "rtph264pay config-interval=-1"))

    def turn(media) -> bool:
        media.get_element().get_by_name("size").set_property("caps", Gst.Caps.from_string(after))
        # It stays so, whoever asks.
        factory.set_launch(factory.get_launch().replace(before, after))
        return False

    factory.connect("media-configure", lambda _factory, media: GLib.timeout_add_seconds(3, turn, media))
    return factory


def on_setup(_client, context) -> None:
    print(context.trans.get_transport().lower_transport.first_value_nick, flush=True)


factories = {
    "/door": stream(320, 240),
    "/main": stream(1280, 720),
    "/slow": stream(320, 240, key=12000, shared=False),
    "/pal": stream(352, 288, aspect="16/11"),
    "/udp": stream(320, 240),
    "/sound": with_sound(),
    "/turned": turned(),
}
for file in files:
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f'( filesrc location="{file}" ! qtdemux ! h264parse ! rtph264pay name=pay0 pt=96 )')
    factories["/" + os.path.basename(file)] = factory
factories["/udp"].set_protocols(GstRtsp.RTSPLowerTrans.UDP)
server.connect("client-connected", lambda _server, client: client.connect("setup-request", on_setup))
if login:
    user, password = login
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    for factory in factories.values():
        factory.set_permissions(permissions)

for path, factory in factories.items():
    server.get_mount_points().add_factory(path, factory)
if not server.attach(None):
    sys.exit(f"cannot listen on port {port}")
print("ready", flush=True)
GLib.MainLoop().run()
