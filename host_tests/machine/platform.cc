/* mm/platform.h and lib/check.h, answered by the machine that is switched on. */
#include "mm/platform.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <ctime>

#include "host_tests/machine/machine.h"
#include "host_tests/machine/moments.h"
#include "host_tests/machine/program.h"
#include "lib/check.h"

namespace machine {

/* The machine at work, from one call of the seam to its return. */
class Busy {
  public:
    explicit Busy(volatile int &depth) : depth_(depth) {
        depth_ = depth_ + 1;
    }
    ~Busy() {
        depth_ = depth_ - 1;
        if (depth_ == 0) {
            resume_stepping();
        }
    }

  private:
    volatile int &depth_;
};

struct Seam {
    static bool is_interrupted() {
        return Machine::current().is_interrupted_;
    }

    static const struct platform_features *features() {
        return &Machine::current().features_;
    }

    static void *phys_to_virt(uint64_t pa) {
        Machine &machine = Machine::current();
        Busy busy(machine.busy_depth_);
        if (!machine.ram_.contains(pa)) {
            char text[100];
            snprintf(text, sizeof text, "0x%" PRIx64 " is not RAM, so nobody can see it", pa);
            throw CheckFailure(text);
        }
        machine.take_chance();
        return machine.ram_.at(pa);
    }

    static void activate(const activation &next) {
        Machine &machine = Machine::current();
        Busy busy(machine.busy_depth_);
        Cpu &cpu = machine.cpus_.at(machine.current_cpu_);
        machine.ram_.stores.drain(cpu.id()); /* MOV to CR3 serializes (SDM 3A 8.3) */
        if (next.context_id != 0 && !cpu.control.pcide) {
            machine.add_finding("a context id without PCIDs: those bits of CR3 are PCD and PWT");
        }
        uint64_t keep = next.keeps_translations ? 1ull << 63 : 0;
        cpu.mov_to_cr3(next.root.value | next.context_id | keep);
        machine.take_chance();
    }

    static void flush_start(tlb_flush *request) {
        Machine &machine = Machine::current();
        Busy busy(machine.busy_depth_);
        machine.ram_.stores.drain(machine.current_cpu_); /* before the interrupt is sent */
        machine.start_flush(request);
    }

    static bool is_ignored(Machine &machine, const tlb_flush *request) {
        Busy busy(machine.busy_depth_);
        return machine.is_ignored(request);
    }

    static void flush_wait(tlb_flush *request) {
        Machine &machine = Machine::current();
        while (is_ignored(machine, request)) {
            if (!Program::block(Moment::FLUSH_AWAITED)) {
                throw CheckFailure("waits for ever for a CPU whose interrupts are off");
            }
        }
        Busy busy(machine.busy_depth_);
        machine.wait_flush(request);
    }

    static void trace(const table_event &event) {
        Machine &machine = Machine::current();
        Busy busy(machine.busy_depth_);
        if (machine.trace_) {
            machine.trace_(event);
        }
    }

    static unsigned current_cpu() {
        return Machine::current().current_cpu_;
    }

    static bool is_preemptible() {
        return Machine::current().preemption_depth_ == 0;
    }

    static void change_preemption_depth(int change) {
        int &depth = Machine::current().preemption_depth_;
        depth += change;
        if (depth < 0) {
            throw CheckFailure("pre-emption was enabled more often than disabled");
        }
    }
};

} // namespace machine

using machine::Moment;
using machine::Program;
using machine::Seam;

void check_failed(const char *condition, const char *file, int line) {
    throw machine::CheckFailure(std::string("CHECK(") + condition + ") failed at " + file + ":" +
                                std::to_string(line));
}

const struct platform_features *platform_features(void) {
    return Seam::features();
}

void *platform_phys_to_virt(phys_addr_t pa) {
    Program::reach(Moment::MEMORY_REACHED);
    return Seam::phys_to_virt(pa.value);
}

void platform_activate(const struct activation *next) {
    Seam::activate(*next);
    Program::reach(Moment::TABLE_LOADED);
}

void platform_tlb_flush_start(struct tlb_flush *request) {
    Seam::flush_start(request);
    Program::reach(Moment::FLUSH_STARTED);
}

void platform_tlb_flush_wait(struct tlb_flush *request) {
    Program::reach(Moment::FLUSH_AWAITED);
    Seam::flush_wait(request);
}

void platform_trace(const struct table_event *event) {
    Seam::trace(*event);
}

unsigned platform_current_cpu(void) {
    return Seam::current_cpu();
}

void platform_preempt_disable(void) {
    if (Seam::is_preemptible()) {
        Program::reach(Moment::LOCKING);
    }
    Seam::change_preemption_depth(1);
}

void platform_preempt_enable(void) {
    Seam::change_preemption_depth(-1);
    if (Seam::is_preemptible()) {
        Program::reach(Moment::UNLOCKED);
    }
}

/* Host threads may stand for kernel threads; one that nobody wakes is a deadlock. */
void platform_sleep_while(const uint32_t *word, uint32_t expected) {
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != expected || Program::block(Moment::ASLEEP)) {
        return;
    }
    const timespec patience = {.tv_sec = 10};
    if (syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, &patience, nullptr, 0) != 0 &&
        errno == ETIMEDOUT) {
        throw machine::CheckFailure("asleep for ten seconds: nobody wakes this one");
    }
}

void platform_wake_one(const uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

bool platform_is_interrupted(void) {
    return Seam::is_interrupted();
}
