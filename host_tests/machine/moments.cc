#include "host_tests/machine/moments.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <csignal>
#include <stdexcept>

#include "host_tests/machine/store_watch.h"
#include "mm/platform.h"

namespace machine {
namespace {

/* A signal's handler, for as long as it lives. */
class Handler {
  public:
    Handler(int number, void (*handle)(int, siginfo_t *, void *)) : number_(number) {
        struct sigaction action = {};
        action.sa_sigaction = handle;
        action.sa_flags = SA_SIGINFO;
        if (sigaction(number, &action, &before_) != 0) {
            throw std::logic_error("no handler for a signal");
        }
    }
    ~Handler() {
        sigaction(number_, &before_, nullptr);
    }
    Handler(const Handler &) = delete;
    Handler &operator=(const Handler &) = delete;

  private:
    int number_;
    struct sigaction before_ = {};
};

struct Stepping {
    Machine *machine;
    const std::function<void()> *act;
    StoreWatch *watch; /* null: stores are seen by all at once */
    uint64_t acted;
    bool is_paused; /* while the machine is at work */
};

Stepping *stepping = nullptr;

constexpr uint64_t TRAP_FLAG = 0x100;

void act_now() {
    stepping->acted++;
    (*stepping->act)();
}

void pause_stepping(greg_t &flags) {
    flags &= ~greg_t{TRAP_FLAG};
    stepping->is_paused = true;
}

/* Linux clears the trap flag for the handler and restores it at its return. */
void on_trap(int, siginfo_t *, void *context) {
    greg_t *registers = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
    StoreWatch *watch = stepping->watch;
    if (watch != nullptr) {
        watch->after_instruction(reinterpret_cast<const uint8_t *>(registers[REG_RIP]));
        watch->pause();
    }
    if (stepping->machine->is_busy()) {
        pause_stepping(registers[REG_EFL]);
        return;
    }
    act_now();
    if (watch != nullptr) {
        watch->resume();
    }
}

/* The write is tried again when the handler returns, and traps when it is done. */
void on_watched_write(int number, siginfo_t *info, void *) {
    if (!stepping->watch->open(info->si_addr)) {
        signal(number, SIG_DFL);
    }
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
    if (watched != nullptr) {
        throw std::logic_error("already watching");
    }
    Handler handler(SIGSEGV, on_write);
    watched = &state;
    mprotect(state.page, HOST_PAGE_SIZE, PROT_READ);
    code();
    mprotect(state.page, HOST_PAGE_SIZE, PROT_READ | PROT_WRITE);
    watched = nullptr;
    return state.was_written;
}

void resume_stepping() {
    if (stepping == nullptr || !stepping->is_paused) {
        return;
    }
    stepping->is_paused = false;
    if (stepping->watch != nullptr) {
        stepping->watch->resume();
    }
    set_trap_flag();
}

namespace {

uint64_t step(Stepping state, const std::function<void()> &code) {
    if (stepping != nullptr) {
        throw std::logic_error("already stepping");
    }
    Handler handler(SIGTRAP, on_trap);
    stepping = &state;
    set_trap_flag();
    code();
    clear_trap_flag();
    stepping = nullptr;
    return state.acted;
}

} // namespace

uint64_t act_between_instructions(Machine &machine, const std::function<void()> &code,
                                  const std::function<void()> &act) {
    return step({&machine, &act, nullptr, 0, false}, code);
}

uint64_t act_ahead_of_stores(Machine &machine, const std::function<void()> &code,
                             const std::function<void()> &act) {
    Handler handler(SIGSEGV, on_watched_write);
    StoreWatch watch(machine.ram(), platform_current_cpu());
    return step({&machine, &act, &watch, 0, false}, code);
}

} // namespace machine
