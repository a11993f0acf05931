from system_tests.machine_case import MachineCase, log_text, program
from tools.machine.config import MachineConfig
from tools.testing import story

SIGILL, SIGTRAP, SIGFPE, SIGSEGV = 4, 5, 8, 11


class UserFaultTest(MachineCase):
    """A program that breaks a rule ends alone, with a report that says which; the kernel lives."""

    def provoke(self, name, verdict, signal=SIGSEGV):
        result = self.run_program(program("provoke"), name, append="audit")
        self.assertEqual((result.status, result.output), (128 + signal, b""), log_text(result))
        self.assert_log_has(result, verdict)
        self.assert_log_has(result, "init: every frame came back")

    def test_a_fault_that_a_handler_gave_up_is_reported_as_well(self):
        result = self.run_program(program("faultlab"), "field")
        self.assertIn(b"its handler gave up, and signal 11 ended it", result.output)
        self.assert_log_has(result, r"page fault: process 2 \(faultlab\) read (?:.*\n)*?"
                            r"  verdict: null plus 0x18")

    def test_writing_to_its_own_code(self):
        self.provoke("write-text", r"wrote address (\S+)\n  by the instruction at \S+\n"
                     r"  error code 0x7: P: present, W: write, U: user mode\n"
                     r"(?:.*\n)*  verdict: read-only: the page may not be written\n"
                     r"  inside \S+ r-x 'code'")

    def test_writing_to_a_constant(self):
        self.provoke("write-constant", r"verdict: read-only(?:.*\n)*  inside \S+ r-- 'constants'")

    def test_running_its_data(self):
        self.provoke("execute-data", r"I: instruction fetch(?:.*\n)*  verdict: no-execute"
                     r"(?:.*\n)*  inside \S+ r[w-]- '(?:data|constants)'")

    def test_running_its_stack(self):
        self.provoke("execute-stack", r"verdict: no-execute(?:.*\n)*  inside \S+ rw- 'stack'")

    def test_reading_through_a_null_pointer(self):
        self.provoke("read-null", "read address 0x0000000000000000(?:.*\n)*"
                     "  verdict: null plus 0: the first 64 KiB are never mapped")

    def test_reading_the_kernel(self):
        self.provoke("read-kernel", "read address 0xffffffff80000000(?:.*\n)*"
                     "  verdict: kernel address: user mode may not touch the upper half")

    def test_reading_all_memory_through_the_direct_map(self):
        self.provoke("read-direct-map", "read address 0xffff800000000000(?:.*\n)*"
                     "  verdict: kernel address")

    def test_jumping_into_the_kernel(self):
        self.provoke("jump-kernel", "ran address 0xffffffff80000000(?:.*\n)*"
                     "  verdict: kernel address")

    def test_reading_an_address_that_is_not_canonical(self):
        self.provoke("read-non-canonical", "general protection fault: process 1 (.*\n)"
                     "  verdict: a non-canonical address")

    def test_jumping_to_an_address_that_is_not_canonical(self):
        self.provoke("jump-non-canonical", "general protection fault: process 1")

    def test_reading_where_nothing_is_mapped(self):
        self.provoke("read-unmapped", "read address 0x0000123456789000(?:.*\n)*"
                     "  verdict: never mapped")

    def test_growing_the_stack_beyond_its_limit(self):
        self.provoke("stack-overflow", r"verdict: stack limit: 'stack' may grow to \d+ KiB"
                     r"(?:.*\n)*  after .* 'stack'")

    def test_dividing_by_zero(self):
        self.provoke("divide", "divide error: process 1", SIGFPE)

    def test_running_an_instruction_that_is_none(self):
        self.provoke("invalid-opcode", "invalid opcode: process 1", SIGILL)

    def test_running_into_a_breakpoint(self):
        self.provoke("breakpoint", "breakpoint: process 1", SIGTRAP)

    def test_halting_the_cpu(self):
        self.provoke("privileged", "general protection fault: process 1")

    def test_writing_to_a_port(self):
        self.provoke("port", "general protection fault: process 1")

    def test_entering_the_kernel_with_a_stack_pointer_into_it(self):
        self.provoke("bad-stack", "verdict: kernel address")


class KernelFaultTest(MachineCase):
    """A fault of the kernel's own is reported whole, and stops the machine."""

    def provoke(self, name, why, stopped, pattern, cpu="max"):
        result = self.run_anyhow(program("tiny"), append=f"selftest={name}",
                                 config=MachineConfig(cpu=cpu))
        self.assertEqual((result.status, result.failure), (125, f"kernel: stopped: {stopped}"),
                         log_text(result))
        self.assert_log_has(result, why)
        self.assert_log_has(result, pattern)

    def provoke_page_fault(self, name, why, function, cpu="max"):
        self.provoke(name, f"verdict: {why}", "page fault in the kernel",
                     rf"  rip   [0-9a-f]{{16}}  rsp (?:.*\n)*  #\d 0x[0-9a-f]+ {function}\+0x",
                     cpu)

    def test_growing_the_kernel_stack_into_its_guard(self):
        self.provoke("stack-overflow", "verdict: guard page of 'kernel stack of main'",
                     "double fault in the kernel", r"  #1 0xffffffff8\w+ recurse\+0x")

    def test_writing_to_the_kernels_code(self):
        self.provoke_page_fault("write-text", "read-only: the page may not be written",
                                "write_text")

    def test_writing_to_the_kernels_code_through_the_direct_map(self):
        self.provoke_page_fault("write-text-in-direct-map", "read-only",
                                "write_text_in_direct_map")

    def test_writing_to_the_kernels_constants(self):
        self.provoke_page_fault("write-rodata", "read-only", "write_rodata")

    def test_running_the_kernels_data(self):
        self.provoke_page_fault("execute-data", "no-execute: the page holds data", "run")

    def test_running_code_through_the_direct_map(self):
        self.provoke_page_fault("execute-direct-map", "no-execute", "run")

    def test_reading_through_a_null_pointer(self):
        self.provoke_page_fault("null", "null plus 0x10", "read_null")

    def test_a_fault_that_comes_back_though_the_tables_allow_it(self):
        self.provoke_page_fault("stale-tlb", "stale TLB: the walk now succeeds",
                                "write_by_stale_tables")

    def test_the_same_on_a_cpu_without_smap(self):
        self.provoke_page_fault("stale-tlb", "stale TLB: the walk now succeeds",
                                "write_by_stale_tables", cpu="qemu64")

    def test_reading_where_nothing_is_mapped(self):
        self.provoke_page_fault("unmapped", "never mapped", "read_unmapped")

    def test_touching_user_memory_without_saying_so(self):
        self.provoke_page_fault("smap", "SMAP: the kernel touched user memory", "read_user_memory")

    def test_running_user_memory(self):
        self.provoke_page_fault("smep", "SMEP: the kernel tried to run user memory", "run")

    def test_a_promise_that_does_not_hold(self):
        self.provoke("check", r"CHECK\(.+\) at kernel/selftest/provoke.c:\d+ does not hold",
                     "a check failed: return_instruction[0] == 0", "selftest: check")

    def test_an_instruction_that_is_none(self):
        self.provoke("invalid-opcode", "kernel: invalid opcode at 0x",
                     "invalid opcode in the kernel", r"  #0 0xffffffff8\w+ run_invalid_opcode\+0x")

    def test_an_address_that_is_not_canonical(self):
        self.provoke("non-canonical", "kernel: general protection fault at 0x",
                     "general protection fault in the kernel",
                     r"  #0 0xffffffff8\w+ read_non_canonical")


if __name__ == "__main__":
    story.main()
