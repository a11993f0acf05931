#include "host_tests/machine/moments.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <csignal>
#include <stdexcept>

namespace machine {
namespace {

struct Stepping {
    Machine *machine;
    const std::function<void()> *act;
    uint64_t acted;
    bool is_paused; /* while the machine is at work */
};

Stepping *stepping = nullptr;

constexpr uint64_t TRAP_FLAG = 0x100;

/* Linux clears the trap flag for the handler and restores it at its return. */
void on_trap(int, siginfo_t *, void *context) {
    if (!stepping->machine->is_busy()) {
        stepping->acted++;
        (*stepping->act)();
        return;
    }
    static_cast<ucontext_t *>(context)->uc_mcontext.gregs[REG_EFL] &= ~greg_t{TRAP_FLAG};
    stepping->is_paused = true;
}

/* Below the red zone, which the compiler may use. */
void set_trap_flag() {
    asm volatile("lea -128(%%rsp), %%rsp\n pushfq\n orq %0, (%%rsp)\n popfq\n"
                 "lea 128(%%rsp), %%rsp" ::"i"(TRAP_FLAG)
                 : "cc", "memory");
}

void clear_trap_flag() {
    asm volatile("lea -128(%%rsp), %%rsp\n pushfq\n andq %0, (%%rsp)\n popfq\n"
                 "lea 128(%%rsp), %%rsp" ::"i"(~TRAP_FLAG)
                 : "cc", "memory");
}

struct WatchedPage {
    uint8_t *page;
    const std::function<void()> *act;
    bool was_written;
};

constexpr uint64_t HOST_PAGE_SIZE = 4096;

WatchedPage *watched = nullptr;

/* The write is tried again when the handler returns. */
void on_write(int number, siginfo_t *info, void *) {
    auto *address = static_cast<uint8_t *>(info->si_addr);
    if (address < watched->page || address >= watched->page + HOST_PAGE_SIZE) {
        signal(number, SIG_DFL);
        return;
    }
    mprotect(watched->page, HOST_PAGE_SIZE, PROT_READ | PROT_WRITE);
    watched->was_written = true;
    (*watched->act)();
}

} // namespace

bool act_before_write(Machine &machine, uint64_t pa, const std::function<void()> &code,
                      const std::function<void()> &act) {
    WatchedPage state = {machine.ram().at(pa & ~(HOST_PAGE_SIZE - 1)), &act, false};
    struct sigaction handler = {};
    struct sigaction before = {};
    handler.sa_sigaction = on_write;
    handler.sa_flags = SA_SIGINFO;
    if (watched != nullptr || sigaction(SIGSEGV, &handler, &before) != 0) {
        throw std::logic_error("already watching");
    }
    watched = &state;
    mprotect(state.page, HOST_PAGE_SIZE, PROT_READ);
    code();
    mprotect(state.page, HOST_PAGE_SIZE, PROT_READ | PROT_WRITE);
    watched = nullptr;
    sigaction(SIGSEGV, &before, nullptr);
    return state.was_written;
}

void resume_stepping() {
    if (stepping != nullptr && stepping->is_paused) {
        stepping->is_paused = false;
        set_trap_flag();
    }
}

uint64_t act_between_instructions(Machine &machine, const std::function<void()> &code,
                                  const std::function<void()> &act) {
    Stepping state = {&machine, &act, 0, false};
    struct sigaction handler = {};
    struct sigaction before = {};
    handler.sa_sigaction = on_trap;
    handler.sa_flags = SA_SIGINFO;
    if (stepping != nullptr || sigaction(SIGTRAP, &handler, &before) != 0) {
        throw std::logic_error("already stepping");
    }
    stepping = &state;
    set_trap_flag();
    code();
    clear_trap_flag();
    stepping = nullptr;
    sigaction(SIGTRAP, &before, nullptr);
    return state.acted;
}

} // namespace machine
