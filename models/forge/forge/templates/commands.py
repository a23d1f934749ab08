"""How do I do this in a shell: the examples of tldr pages, as questions."""

import random
import re
from pathlib import Path
from typing import Iterator

from ..corpus import clean, read
from . import Item, casual, single

_EXAMPLE = re.compile(r"^- (.+?):\n\n`(.+?)`$", re.M)
_COMMON = set("""ls cd cp mv rm mkdir rmdir touch cat less head tail grep find sort uniq wc cut tr sed awk tar gzip gunzip zip
unzip ssh scp rsync curl wget ping ps top htop kill killall df du free mount umount chmod chown ln diff patch date cal echo
env export history man which whoami uname uptime git docker docker-compose kubectl systemctl journalctl apt apt-get dnf
yum pacman brew pip npm python python3 node java mvn make gcc vim nano tmux screen crontab xargs tee watch nohup ip ifconfig
netstat ss dig nslookup traceroute nmap openssl ffmpeg jq base64 md5sum sha256sum stat file tree sudo su passwd useradd
convert lsof strace dd fdisk lsblk hostname sleep seq shutdown reboot yes basename dirname pwd alias split paste nl rev""".split())

_ASK = ("How do I {d}?", "How can I {d}?", "What is the command to {d}?", "Which command can {d}?", "how to {d}",
        "Show me how to {d}.", "Give me a command to {d}.", "How do you {d} in the shell?", "command to {d}")
_ASK_WITH = ("How do I {d} with {c}?", "How do I use {c} to {d}?", "{c}: how to {d}?", "With {c}, how can I {d}?")
_ASK_WHAT = ("What does the {c} command do?", "What is {c}?", "What is the command {c} for?", "Explain the command {c}.")


def command(text: str) -> str:
    """The example as one types it: placeholders named plainly, long options where there is a choice."""
    text = re.sub(r"\{\{\[(-[^|\]]*)\|(--?[^\]]*)\]\}\}", lambda m: m.group(1), text)
    text = re.sub(r"\{\{\[([^|\]]*)\|([^\]]*)\]\}\}", lambda m: m.group(1), text)
    text = re.sub(r"\{\{(.+?)\}\}", lambda m: m.group(1).split("|")[0].replace("path/to/", ""), text)
    return text.strip()


def plain(description: str) -> str:
    """`[l]ist files (see: ls)` becomes `list files`."""
    text = re.sub(r"\[(\w)\]", r"\1", clean(description))
    text = re.sub(r"\s*\([^)]*\)", "", text).replace("`", "").strip()
    return text[0].lower() + text[1:] if text[:2] != text[:2].upper() else text


def how_to(data: Path, rng: random.Random, variants: int) -> Iterator[Item]:
    for record in read(data, "tldr"):
        name = record["title"]
        if name.startswith(("/", ".")) or len(name) > 24:
            continue
        common = name.split("-")[0] in _COMMON or name in _COMMON
        summary = re.search(r"^> (.+?)\.?$", record["text"], re.M)
        if summary:
            for _ in range(variants if common else 1):
                said = clean(summary.group(1)).replace("`", "").rstrip(".")
                yield single("command", name, casual(rng, rng.choice(_ASK_WHAT).format(c=name)),
                             f"`{name}`: {said[0].lower() + said[1:] if said[1:2].islower() else said}.")
        for description, example in _EXAMPLE.findall(record["text"]):
            d, c = plain(description), command(example)
            if len(c) > 110 or len(d) > 110 or not d or c.startswith("<"):
                continue
            for _ in range(variants * 2 if name in _COMMON else variants if common else 1):
                asks = _ASK if name in _COMMON and rng.random() < 0.6 else _ASK_WITH
                yield single("command", name, casual(rng, rng.choice(asks).format(d=d, c=name)), f"Use this command:\n\n```\n{c}\n```")


_FREQUENT = """list files | show the files in a directory | list all files => ls -la
list files by size | list files sorted by size | show the largest files first | sort files by size => ls -lhS
list files by date | list the newest files first | sort files by time => ls -lt
show hidden files | list hidden files => ls -a
find the largest files | find big files | find the biggest files in a directory => du -ah . | sort -rh | head -n 10
show disk usage | check free disk space | see how much disk space is left => df -h
show the size of a directory | check the size of a folder => du -sh directory
find a file by name | search for a file | locate a file => find . -name "filename"
find files modified in the last day | find recently changed files => find . -mtime -1
search for text in files | find text in all files | search recursively for a word => grep -rn "text" .
count lines in a file | count the lines of a file => wc -l file
count words in a file => wc -w file
copy a file => cp source target
copy a directory | copy a folder => cp -r source target
move a file | rename a file => mv source target
delete a file | remove a file => rm file
delete a directory | remove a folder and everything in it => rm -r directory
create a directory | make a new folder => mkdir directory
create an empty file => touch file
show the contents of a file | print a file | read a file => cat file
show the first lines of a file => head -n 10 file
show the last lines of a file => tail -n 10 file
follow a log file | watch a log file as it grows => tail -f file.log
sort a file | sort the lines of a file => sort file
remove duplicate lines => sort -u file
compare two files | show the difference between two files => diff file1 file2
replace text in a file | find and replace in a file => sed -i 's/old/new/g' file
make a file executable | make a script executable => chmod +x file
change the owner of a file => chown user file
show the current directory | print the working directory => pwd
change directory | go to another directory => cd directory
compress a directory | create a tar archive | make a tar.gz file => tar -czf archive.tar.gz directory
extract a tar file | unpack a tar.gz archive | extract an archive => tar -xzf archive.tar.gz
unzip a file | extract a zip file => unzip archive.zip
create a zip file | zip a folder => zip -r archive.zip directory
download a file | download a file from a URL => curl -LO https://example.com/file
check if a host is reachable | ping a server => ping -c 4 example.com
show my IP address | find my IP address => ip address
show open ports | list listening ports | see which ports are open => ss -tlnp
find which process uses a port | see what is running on port 8080 => lsof -i :8080
show running processes | list all processes => ps aux
kill a process | stop a process => kill PID
show memory usage | check free memory => free -h
show CPU usage | see which process uses the most CPU => top
show the system uptime | see how long the system has been running => uptime
show the Linux version | find out the kernel version => uname -a
connect to a remote server | log in to a server with ssh => ssh user@host
copy a file to a remote server | copy a file over ssh => scp file user@host:path
generate an ssh key | create an ssh key => ssh-keygen -t ed25519
sync two directories => rsync -av source/ target/
show environment variables => env
set an environment variable => export NAME=value
schedule a job | edit my cron jobs => crontab -e
restart a service | restart a systemd service => sudo systemctl restart service
check the status of a service => systemctl status service
show the logs of a service => journalctl -u service -f
install a package on Ubuntu | install a package on Debian => sudo apt install package
update all packages on Ubuntu => sudo apt update && sudo apt upgrade
install a Python package => pip install package
create a Python virtual environment => python3 -m venv .venv
start a simple web server | serve a directory over HTTP => python3 -m http.server 8000
clone a repository | clone a git repository => git clone https://example.com/repository.git
commit my changes | make a git commit => git commit -am "message"
undo the last commit | undo my last git commit => git reset --soft HEAD~1
create a branch | create a new git branch => git switch -c branch
switch to another branch => git switch branch
delete a git branch => git branch -d branch
merge a branch => git merge branch
see the git history | show the commit log => git log --oneline
discard my local changes | undo changes in a file => git restore file
stash my changes => git stash
push to a remote | push my branch => git push -u origin branch
pull the latest changes => git pull
show what changed in git | see my uncommitted changes => git diff
list Docker containers | show running containers => docker ps
stop a Docker container => docker stop container
run a Docker container => docker run --rm -it image
build a Docker image => docker build -t name .
see the logs of a container => docker logs -f container
remove unused Docker data | clean up Docker => docker system prune
list Kubernetes pods => kubectl get pods
see the logs of a pod => kubectl logs -f pod
format JSON | pretty-print JSON => jq . file.json
encode a file in base64 => base64 file
check the checksum of a file | compute a sha256 checksum => sha256sum file
shut down the computer => sudo shutdown -h now
reboot the computer | restart the computer => sudo reboot"""


def frequent(rng: random.Random, repeat: int) -> Iterator[Item]:
    """The questions that come first, written for edgeway."""
    for line in _FREQUENT.splitlines():
        asks, _, answer = line.partition(" => ")
        ways = asks.split(" | ")
        for way in ways:
            for _ in range(repeat):
                yield single("command", ways[0], casual(rng, rng.choice(_ASK).format(d=way)),
                             f"Use this command:\n\n```\n{answer}\n```")
