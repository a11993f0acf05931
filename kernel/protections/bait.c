#include "kernel/protections/bait.h"

#include "kernel/cpu/cpu.h"
#include "kernel/thread/thread.h"
#include "lib/check.h"
#include "mm/heap/heap.h"
#include "mm/platform.h"
#include "mm/space/kernel_space.h"

constexpr uint8_t BREAKPOINT = 0xcc;
constexpr uint64_t USER_CODE = 0x400000;
constexpr uint64_t USER_DATA = USER_CODE + PAGE_SIZE;

constexpr size_t PIECE_SIZE_BYTES = 8;

static const uint8_t USER_CODE_BYTES[USER_PIECE_COUNT][PIECE_SIZE_BYTES] = {
    [USER_RETURN] = {RETURN_INSTRUCTION},
    [USER_READ] = {0x8a, 0x07, BREAKPOINT},                      /* mov al, [rdi] */
    [USER_WRITE] = {0xc6, 0x07, RETURN_INSTRUCTION, BREAKPOINT}, /* mov byte [rdi], RETURN */
    [USER_JUMP] = {0xff, 0xe7},                                  /* jmp rdi */
    [USER_SGDT] = {0x0f, 0x01, 0x07, BREAKPOINT},                /* sgdt [rdi] */
    [USER_SIDT] = {0x0f, 0x01, 0x0f, BREAKPOINT},                /* sidt [rdi] */
    [USER_SLDT] = {0x0f, 0x00, 0xc0, BREAKPOINT},                /* sldt eax */
    [USER_STR] = {0x0f, 0x00, 0xc8, BREAKPOINT},                 /* str eax */
    [USER_SMSW] = {0x0f, 0x01, 0xe0, BREAKPOINT},                /* smsw eax */
    [USER_HLT] = {0xf4, BREAKPOINT},
    [USER_CLI] = {0xfa, BREAKPOINT},
    [USER_IN] = {0xe4, 0x60, BREAKPOINT}, /* in al, 60h */
    [USER_RDFSBASE] = {0xf3, 0x48, 0x0f, 0xae, 0xc0, BREAKPOINT},
};

static struct virt_range data;
static uint8_t *heap;
static struct address_space *space;
static struct address_space *space_before;

void bait_begin(void) {
    enum status status = kernel_range_alloc(1, "bait", &data);
    CHECK(status == STATUS_OK);
    *(uint8_t *)data.start.value = RETURN_INSTRUCTION;
    heap = heap_alloc(sizeof(*heap));
    CHECK(heap);
    *heap = RETURN_INSTRUCTION;
    status = space_create("bait", &space);
    CHECK(status == STATUS_OK);
    bait_map_page(space, bait_user_code(), "code", RIGHT_READ | RIGHT_EXECUTE, USER_CODE_BYTES,
                  sizeof(USER_CODE_BYTES));
    bait_map_page(space, bait_user_data(), "data", RIGHT_READ | RIGHT_WRITE, &BREAKPOINT, 1);
    thread_preempt_disable(); /* the scheduler would go back to the kernel's space */
    space_before = space_switch(space);
}

void bait_end(void) {
    space_switch(space_before);
    thread_preempt_enable();
    enum status status = space_destroy(space);
    CHECK(status == STATUS_OK);
    heap_free(heap);
    status = kernel_range_free(data.start);
    CHECK(status == STATUS_OK);
}

virt_addr_t bait_data(void) {
    return data.start;
}

virt_addr_t bait_heap(void) {
    return virt_addr_of(heap);
}

virt_addr_t bait_user_code(void) {
    return virt_addr(USER_CODE);
}

virt_addr_t bait_user_data(void) {
    return virt_addr(USER_DATA);
}

virt_addr_t bait_user_piece(enum user_piece piece) {
    return virt_addr(USER_CODE + piece * PIECE_SIZE_BYTES);
}

virt_addr_t bait_in_direct_map(virt_addr_t address) {
    struct translation translation;
    enum status status = space_translate(kernel_space(), address, &translation);
    CHECK(status == STATUS_OK);
    return virt_addr_of(platform_phys_to_virt(translation.pa));
}

void bait_map_page(struct address_space *of, virt_addr_t address, const char *name, uint8_t rights,
                   const void *content, size_t size_bytes) {
    struct locked_range token;
    struct virt_range range = virt_range(address, 1);
    space_lock_for_writing(of, range, &token);
    const struct space_mapping mapping = {.rights = rights, .name = name};
    enum status status = space_map(&token, range, &mapping);
    space_unlock(&token);
    CHECK(status == STATUS_OK);
    status = space_write_initial(of, range.start, content, size_bytes, nullptr);
    CHECK(status == STATUS_OK);
}
