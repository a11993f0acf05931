#include "kernel/probe/probe.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"

/* probe.asm */
void probe_enter(void (*access)(uint64_t), uint64_t argument, uint64_t *stack_pointer);
void probe_enter_user(uint64_t code, uint64_t argument, uint64_t *stack_pointer);
extern const char probe_landing[];

constexpr size_t ENTRY_STACK_SIZE_BYTES = 4096;

/* All guarded by interrupts being off on the one CPU that probes. */
static struct probe_result *running;
static uint64_t stack_pointer;
static uint8_t held_byte; /* the last that was read */

/* Where the exception enters that ends user code: the thread's own stack is in use. */
static alignas(16) uint8_t entry_stack[ENTRY_STACK_SIZE_BYTES];

static void read_byte(uint64_t address) {
    __asm__ volatile("movb (%1), %0" : "=q"(held_byte) : "r"(address) : "memory");
}

static void write_byte(uint64_t address) {
    __asm__ volatile("movb %0, (%1)" ::"q"(held_byte), "r"(address) : "memory");
}

static void call(uint64_t address) {
    ((void (*)(void))address)();
}

void probe_call(void (*access)(uint64_t), uint64_t argument, struct probe_result *result) {
    bool were_enabled = interrupts_save();
    *result = (struct probe_result){};
    running = result;
    probe_enter(access, argument, &stack_pointer);
    running = nullptr;
    interrupts_restore(were_enabled);
}

void probe_read(virt_addr_t address, struct probe_result *result) {
    probe_call(read_byte, address.value, result);
}

/* What cannot be read has nothing to lose. One instruction that reads and writes would not do: some
 * machines report its fault as that of a read. */
void probe_write(virt_addr_t address, struct probe_result *result) {
    bool were_enabled = interrupts_save();
    probe_call(read_byte, address.value, result);
    probe_call(write_byte, address.value, result);
    interrupts_restore(were_enabled);
}

void probe_execute(virt_addr_t address, struct probe_result *result) {
    probe_call(call, address.value, result);
}

void probe_user(virt_addr_t code, uint64_t argument, struct probe_result *result) {
    bool were_enabled = interrupts_save();
    struct descriptors_in_use in_use;
    descriptors_read(&in_use);
    descriptors_set_kernel_stack((uint64_t)entry_stack + sizeof(entry_stack));
    *result = (struct probe_result){};
    running = result;
    probe_enter_user(code.value, argument, &stack_pointer);
    descriptors_set_kernel_stack(in_use.stack_tops[0]);
    interrupts_restore(were_enabled);
}

bool probe_recover(struct trap_frame *frame) {
    if (!running) {
        return false;
    }
    running->has_faulted = true;
    running->frame = *frame;
    running = nullptr;
    frame->cs = SELECTOR_KERNEL_CODE;
    frame->ss = SELECTOR_KERNEL_DATA;
    frame->rip = (uint64_t)probe_landing;
    frame->rsp = stack_pointer;
    frame->rflags &= ~(RFLAGS_ALIGNMENT_CHECK | RFLAGS_DIRECTION | RFLAGS_TRAP);
    return true;
}
