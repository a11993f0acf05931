"""What busybox finds in /proc and /sys, in one boot: each section below is a piece of a script."""

import re

from system_tests.machine_case import MachineCase, log_text
from tools.testing import story

BUSYBOX = "/bin/busybox"  # the same path on the host and on Quire
MARK = re.compile(r"(?m)^=== (\w+)\n")

SECTIONS = {
    "ps": "ps -o pid,ppid,vsz,rss,stat,comm",
    "top": "top -bn1",
    "free": "free",
    "uptime": "uptime",
    "mount": "mount",
    "maps": "cat /proc/self/maps",
    "exe": "readlink /proc/self/exe; readlink /proc/self/cwd",
    "stat": "cat /proc/self/stat",
    "status": "cat /proc/self/status",
    "smaps": "cat /proc/self/smaps_rollup",
    "arguments": "cat /proc/self/cmdline | tr '\\0' ' '; echo",
    "deleted": "echo kept > /tmp/f; exec 5</tmp/f; rm /tmp/f; readlink /proc/self/fd/5; "
               "cat /proc/self/fd/5",
    "pipe": "echo through | cat /dev/stdin; echo x | readlink /proc/self/fd/0; "
            "echo out > /dev/stdout",
    "name": "echo renamed > /proc/$$/comm; cat /proc/$$/comm",
    "oom": "echo 77 > /proc/self/oom_score_adj; echo 1001 > /proc/self/oom_score_adj; "
           "cat /proc/$$/oom_score_adj",
    "gone": "cat /proc/12345/stat; ls /proc/1/fd/99",
    "sysctl": "echo there > /proc/sys/kernel/hostname; uname -n; "
              "echo 0 > /proc/sys/kernel/randomize_va_space; "
              "echo 3 > /proc/sys/kernel/randomize_va_space; "
              "cat /proc/sys/kernel/randomize_va_space",
    "pieces": "dd if=/proc/cpuinfo bs=7 2>/dev/null | cmp - /proc/cpuinfo && echo same",
    "memory": "dd if=/proc/self/mem bs=4096 skip=1024 count=1 2>/dev/null | head -c 4 | od -c",
    "ptwalk": "dd if=/proc/self/ptwalk bs=1000 iflag=skip_bytes skip=$((0x401000)) count=1 "
              "2>/dev/null",
    "pagemap": "dd if=/proc/self/pagemap bs=8 skip=1025 count=1 2>/dev/null | od -t x8",
    "fixed": "echo 0 > /proc/sys/kernel/randomize_va_space; "
             "cat /proc/self/maps > /tmp/a; cat /proc/self/maps | cmp - /tmp/a && echo same; "
             "rm /tmp/a",
    "io": "dd if=/dev/zero bs=1000 count=2 2>/dev/null | wc -c; cat /proc/$$/io",
    "frames": "cat /proc/frames",
    "sys": "cat /sys/devices/system/cpu/online /sys/kernel/mm/transparent_hugepage/enabled",
    # Of the processes only the shell is there from beginning to end.
    "all": "for f in $(find /proc /sys -type f | grep -v '/proc/[0-9]*[02-9]\\|/proc/1[0-9]' | "
           "grep -v '/mem$\\|/pagemap$\\|/fdinfo/\\|/drop_caches$'); do "
           "cat $f > /dev/null || echo cannot read $f; done; "
           "for f in $(find /proc/1 -type d); do ls $f > /dev/null || echo cannot list $f; done",
}

MAP = re.compile(r"([0-9a-f]{8,})-([0-9a-f]{8,}) [r-][w-][x-][ps] [0-9a-f]{8} "
                 r"[0-9a-f]{2}:[0-9a-f]{2} \d+ (?: *(\S+))?")


def script():
    return "\n".join(f"echo '=== {name}'\n{{ {commands}\n}} 2>&1"
                     for name, commands in SECTIONS.items())


class ProcTest(MachineCase):
    @classmethod
    def setUpClass(cls):
        cls.sections = {}

    def setUp(self):
        if not self.sections:
            self.sections["booted"] = ""  # one boot, also where it fails
            result = self.run_program(BUSYBOX, "sh", "-c", script())
            self.assert_log_has(result, "init: every frame came back")
            pieces = MARK.split(result.output.decode(errors="replace"))[1:]
            found = dict(zip(pieces[::2], pieces[1::2]))
            self.assertEqual(list(found), list(SECTIONS), log_text(result))
            self.sections.update(found)

    def lines(self, name):
        return self.sections[name].splitlines()

    def test_the_tools_that_read_it_show_what_runs(self):
        self.assertRegex(self.lines("ps")[0], r"PID +PPID +VSZ +RSS +STAT +COMMAND")
        self.assertRegex(self.sections["ps"], r"(?m)^ +1 +0 +\S+ +\d+ +[RS] +busybox$")
        self.assertRegex(self.sections["top"], r"Mem: \d+K used, \d+K free")
        self.assertRegex(self.sections["top"], r"(?m)^ +1 +0 \S+ +[RS] ")
        self.assertRegex(self.sections["free"], r"(?m)^Mem: +\d+ +\d+ +\d+")
        self.assertRegex(self.sections["uptime"], r"load average: \d\.\d\d, \d\.\d\d, \d\.\d\d")
        self.assertIn("proc on /proc type proc", self.sections["mount"])
        self.assertIn("sysfs on /sys type sysfs", self.sections["mount"])

    def test_a_map_is_a_line_in_ascending_order(self):
        maps = [MAP.fullmatch(line) for line in self.lines("maps")]
        self.assertNotIn(None, maps, self.sections["maps"])
        starts = [int(found[1], 16) for found in maps]
        self.assertEqual(starts, sorted(starts))
        self.assertEqual(maps[0][3], BUSYBOX)
        self.assertEqual(maps[-1][3], "[stack]")
        self.assertIn("[heap]", [found[3] for found in maps])

    def test_a_process_reads_of_itself(self):
        self.assertEqual(self.lines("exe"), [BUSYBOX, "/"])
        self.assertEqual(len(self.sections["stat"].split()), 52)
        self.assertRegex(self.sections["status"], r"(?m)^Name:\tcat$")
        self.assertRegex(self.sections["status"], r"(?m)^State:\tR \(running\)$")
        self.assertRegex(self.sections["status"], r"(?m)^VmRSS:\t +[1-9]\d* kB$")
        self.assertRegex(self.sections["smaps"], r"(?m)^Rss: +[1-9]\d* kB$")
        self.assertEqual(self.sections["arguments"].rstrip("\n"), "cat /proc/self/cmdline ")

    def test_a_link_leads_to_the_very_file(self):
        self.assertEqual(self.lines("deleted"), ["/tmp/f (deleted)", "kept"])
        self.assertRegex(self.sections["pipe"], r"^through\npipe:\[\d+\]\nout\n$")

    def test_what_is_written_counts_if_it_is_right(self):
        self.assertEqual(self.lines("name"), ["renamed"])
        self.assertEqual(self.lines("oom"), ["sh: write error: Invalid argument", "77"])
        self.assertEqual(self.lines("sysctl"), ["there", "sh: write error: Invalid argument", "0"])

    def test_what_is_not_there_is_not_found(self):
        self.assertEqual(self.lines("gone"), [
            "cat: can't open '/proc/12345/stat': No such file or directory",
            "ls: /proc/1/fd/99: No such file or directory"])

    def test_a_text_that_is_read_in_pieces_is_one_text(self):
        self.assertEqual(self.lines("pieces"), ["same"])

    def test_memory_and_its_tables_can_be_read(self):
        self.assertRegex(self.lines("memory")[0], r"177 +E +L +F$")
        walk = self.lines("ptwalk")
        self.assertEqual([line.split()[1] for line in walk[::2]], ["3:", "2:", "1:", "0:"])
        self.assertIn("4 KiB leaf", walk[-1])
        entry = int(self.lines("pagemap")[0].split()[1], 16)
        self.assertEqual(entry >> 63, 1)
        self.assertRegex(self.lines("frames")[0], r"^[0-9a-f]+ \d+ \w+$")

    def test_without_chance_every_program_lies_where_the_last_one_lay(self):
        self.assertEqual(self.lines("fixed"), ["same"])

    def test_what_a_process_moves_is_counted(self):
        counts = dict(line.split(": ") for line in self.lines("io")[1:])
        self.assertGreater(int(counts["wchar"]), 0)
        self.assertGreaterEqual(int(counts["wchar"]), int(counts["syscw"]))
        self.assertEqual((counts["read_bytes"], counts["write_bytes"]), ("0", "0"))

    def test_programs_find_what_they_ask_sys_for(self):
        self.assertEqual(self.lines("sys"), ["0", "always madvise [never]"])

    def test_every_file_can_be_read(self):
        self.assertEqual(self.lines("all"), [])


if __name__ == "__main__":
    story.main()
