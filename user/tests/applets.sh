#!/bin/busybox ash
# shellcheck shell=dash
# Some ninety applets of busybox and its shell, with results that depend on nothing but them.
set -u
mkdir bin work
/bin/busybox --install -s "$PWD/bin"
PATH=$PWD/bin
cd work || exit 1

section() {
    echo "--- $1"
}

section 'text'
seq 1 20 > numbers
printf 'pear\napple\nfig\napple\nbanana\nfig\n' > fruit
cat numbers | tail -n 3
head -c 5 numbers
tac fruit
rev fruit
sort fruit | uniq -c
sort -r -u fruit
sort -n -k 1.2 numbers | head -n 4
nl fruit
cut -c 2-4 fruit
cut -d l -f 2 fruit
paste -d : fruit numbers | head -n 8
tr a-f A-F < fruit
tr -d '\n' < fruit && echo
fold -w 3 fruit | head -n 5
printf 'a\tb\n' | expand -t 4
printf 'a       b\n' | unexpand -a
wc fruit numbers
grep -n 'a' fruit
grep -c -v 'a' fruit
egrep 'p{2}|g$' fruit
fgrep -x fig fruit
sed -n '2,4{s/a/<&>/gp}' fruit
sed '/fig/d;1i\
first' fruit
awk '{ n[$1]++ } END { for (w in n) t += n[w]; print t, NR }' fruit
awk 'BEGIN { printf "%d %.3f %s\n", 7 / 2, 7 / 2, substr("word", 2, 2) }'
diff fruit numbers | head -n 4
printf 'apple\nfig\n' > new && diff -u fruit new > change
patch -p0 fruit change && cat fruit
cmp fruit new && echo same
strings -n 4 bin_absent 2>/dev/null || echo 'no such file'
printf 'one two\r\n' | dos2unix | hexdump -C
printf 'one\n' | unix2dos | od -c
printf 'x y z\n' | xargs -n 1 echo item
yes no | head -n 2
echo 'three  words here' | tee copy | wc -w
printf 'caf\303\251' | xxd
printf '%5d|%-5s|%x|%o\n' 42 ab 255 8
expr 6 '*' 7
expr length quire
echo '2 3 + p' | dc
echo 'x = 5; x^3' | bc
factor 97 360
basename /a/b/c.txt .txt
dirname /a/b/c.txt

printf '2p\nq\n' | ed fruit
ascii | head -n 2
more numbers | head -n 2
less numbers | tail -n 1
shuf -i 1-9 | sort | tail -n 1

section 'sums'
crc32 numbers
for tool in md5sum sha1sum sha256sum sha512sum sha3sum; do
    echo "$tool: $($tool < numbers)"
done
printf 'quire' | base64
printf 'cXVpcmU=' | base64 -d && echo
uuencode name < fruit > encoded && uudecode -o decoded encoded && cmp fruit decoded && echo same
md5sum fruit > sums && md5sum -c sums

section 'archives'
mkdir -p tree/a/b && cp fruit tree/a && ln -s a/fruit tree/link && echo deep > tree/a/b/deep
tar -cf tree.tar tree && tar -tf tree.tar | sort
mkdir out && tar -xf tree.tar -C out && cat out/tree/link
gzip -c numbers > numbers.gz && zcat numbers.gz | tail -n 1
gunzip -c numbers.gz | cmp - numbers && echo same
bzip2 -c numbers > numbers.bz2 && bunzip2 -c numbers.bz2 | cmp - numbers && echo same
bzcat numbers.bz2 | wc -l
printf '\3757zXZ' | unxz 2>/dev/null || echo 'not xz'
lzop -c numbers | lzop -d -c | tail -n 1
find tree | sort | cpio -o -H newc 2>/dev/null | cpio -t 2>/dev/null

section 'files'
mkdir -p d1/d2 && rmdir -p d1/d2 && ls d1 2>/dev/null || echo gone
touch empty && stat -c '%s %a %h %F' empty
chmod 640 fruit && stat -c '%a' fruit
chmod u=rwx,g+w,o= fruit && stat -c '%A' fruit
ln fruit hard && stat -c '%h' fruit
ln -s fruit soft && readlink soft && basename "$(realpath soft)"
cp -a tree copied && find copied -type l
mv copied moved && find moved -type f | sort
rm -r moved && ls moved 2>/dev/null || echo gone
truncate -s 100 empty && wc -c < empty
dd if=numbers of=block bs=4 count=3 skip=1 2>/dev/null && cat block && echo
dd if=/dev/zero bs=1000 count=50 2>/dev/null | md5sum
mkfifo pipe && { echo through > pipe & } && cat pipe && wait
mktemp -u name.XXXXXX | wc -c
link fruit linked && unlink linked && ls linked 2>/dev/null || echo gone
find tree -type f -exec wc -c {} + | sort
du -a tree > /dev/null && echo counted
ls -1 tree
ls -1F tree
ls -A -p | head -n 5
which sh | sed 's/.*bin/bin/'
test -f fruit -a ! -d fruit && echo file
[ 3 -gt 2 ] && [ -L soft ] && [ -s fruit ] && echo yes
chgrp "$(id -g)" fruit && chown "$(id -u)" fruit && echo owned
shred -u -n 1 hard && ls hard 2>/dev/null || echo shredded
sync && echo synced
cat absent 2>&1
rm absent 2>&1
mkdir tree 2>&1

section 'processes'
env -i A=1 B=2 "$PATH/env" | sort
sleep 0.1 && usleep 1000 && echo slept
timeout 1 sleep 10
echo "timeout: $?"
sh -c 'kill -9 $$'
echo "killed: $?"
sh -c 'exit 7'
echo "exit: $?"
(trap 'echo trapped' USR1; sh -c 'kill -USR1 $PPID'; echo after)
sleep 100 &
kill $! && wait $!
echo "terminated: $?"
setsid sh -c 'echo session'
tty < /dev/null
true && ! false && echo truth
"$PATH/time" -f done true 2>&1
seq 3 | while read -r n; do echo "n$n"; done
xargs -I % echo '<%>' < copy
getopt ab: -a -b value rest
date -u -d @86400 +%Y-%m-%dT%H:%M:%S
cal 2 2024 | head -n 2
kill -l 15
mkpasswd -m sha512 -S saltsalt password 2>/dev/null | cut -c 1-20
ipcalc -n 10.1.2.3/16
linux64 uname -m
run-parts --test tree/a | sed 's/.*tree/tree/'
xargs -n 2 -P 1 echo < numbers | head -n 2
printf '1\n2\n3\n' | awk '{ s += $1 } END { print s }'

section 'shell'
count=0
while [ "$count" -lt 3 ]; do
    count=$((count + 1))
done
echo "$count $((1 << 10)) $((7 % 4))"
word=quire
echo "${word#qu} ${word%re} ${#word} ${absent:-default} ${word:+set}"
case $word in q*) echo matched ;; esac
double() {
    local n=$1
    echo $((n * 2))
}
double 21
set -- a 'b c' d
echo "$# $2"
shift 2
echo "$*"
echo *.gz
cat << TEXT
here: $(double 4) $word
TEXT
(cd tree && ls | wc -l)
echo "$(echo nested "$(echo inner)")"
{ echo to-out; echo to-err >&2; } 2>&1 | sort
seq 1000 | (sleep 0.1; wc -l)
echo one > f1; echo two >> f1; cat < f1
exec 5< f1; read -r line <&5; echo "$line"; exec 5<&-
ulimit -n 64; ulimit -n
umask 077; touch private; stat -c %a private
f() { return 3; }; f; echo $?
eval 'echo evaluated'
read -r a b << TEXT
first second third
TEXT
echo "$a|$b"
yes | head -n 100000 | wc -l
i=0; while [ $i -lt 200 ]; do /bin/busybox true || echo failed; i=$((i + 1)); done; echo "$i"
