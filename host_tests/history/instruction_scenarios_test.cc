#include <signal.h>
#include <ucontext.h>

#include <optional>

#include "host_tests/history/instructions.h"
#include "host_tests/machine/machine_test.h"
#include "host_tests/machine/raw_tables.h"

/*
 * The kernel's own INVLPG, run on the host: it faults there, and the pretend CPU does what its
 * operand says.
 */

using namespace machine;

namespace {

constexpr uint64_t VA = 0x7f1234400000;
constexpr uint64_t PAGE = 0x400000;

/* General registers in the order in which instructions number them (SDM 2A 2.1.5). */
constexpr int REGISTERS[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                             REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                             REG_R12, REG_R13, REG_R14, REG_R15};

std::optional<uint64_t> operand; /* of the INVLPG that has faulted */

/* Decodes `invlpg disp(base)`; goes on behind it. */
void on_fault(int number, siginfo_t *, void *context) {
    greg_t *registers = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
    const auto *code = reinterpret_cast<const uint8_t *>(registers[REG_RIP]);
    bool has_prefix = (code[0] & 0xf0) == 0x40;
    unsigned base = has_prefix && (code[0] & 1) != 0 ? 8 : 0;
    code += has_prefix ? 1 : 0;
    if (code[0] != 0x0f || code[1] != 0x01 || (code[2] >> 3 & 7) != 7) {
        signal(number, SIG_DFL);
        return;
    }
    unsigned mode = code[2] >> 6;
    unsigned field = code[2] & 7;
    code += field == 4 ? 4 : 3; /* with or without a SIB byte, whose index is none */
    int64_t displacement = 0;
    if (mode == 1) {
        displacement = *reinterpret_cast<const int8_t *>(code);
    } else if (mode == 2) {
        displacement = *reinterpret_cast<const int32_t *>(code);
    }
    operand = static_cast<uint64_t>(registers[REGISTERS[base + field]] + displacement);
    registers[REG_RIP] = reinterpret_cast<greg_t>(code) + (mode == 1 ? 1 : mode == 2 ? 4 : 0);
}

class InstructionHistory : public MachineTest {};

TEST_F(InstructionHistory, TheKernelFlushesOnePage) {
    RawTables tables(pc().ram(), 4, 0x200000);
    cpu().mov_to_cr3(tables.root());
    tables.set(VA, 0, PAGE | RAW_P | RAW_W);
    cpu().write(VA, 1);
    tables.set(VA, 0, 0);
    struct sigaction handler = {};
    struct sigaction before = {};
    handler.sa_sigaction = on_fault;
    handler.sa_flags = SA_SIGINFO;
    ASSERT_EQ(sigaction(SIGSEGV, &handler, &before), 0);
    kernel_flushes_page(VA);
    sigaction(SIGSEGV, &before, nullptr);
    ASSERT_TRUE(operand.has_value());
    cpu().invlpg(*operand);
}

} // namespace
