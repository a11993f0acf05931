#include "kernel/protections/bait.h"

#include "kernel/cpu/cpu.h"
#include "kernel/thread/thread.h"
#include "lib/check.h"
#include "mm/heap/heap.h"
#include "mm/platform.h"
#include "mm/space/kernel_space.h"

constexpr uint8_t RETURN_INSTRUCTION = 0xc3;
constexpr uint64_t USER_CODE = 0x400000;
constexpr uint64_t USER_DATA = USER_CODE + PAGE_SIZE;

static struct virt_range data;
static uint8_t *heap;
static struct address_space *space;
static struct address_space *space_before;

static void map_user_page(uint64_t address, uint8_t rights, const char *name) {
    struct locked_range token;
    struct virt_range range = virt_range(virt_addr(address), 1);
    space_lock_for_writing(space, range, &token);
    enum status status = space_map_anonymous(&token, range, rights, name);
    space_unlock(&token);
    CHECK(status == STATUS_OK);
    status = space_write_initial(space, range.start, &RETURN_INSTRUCTION, 1, nullptr);
    CHECK(status == STATUS_OK);
}

void bait_begin(void) {
    enum status status = kernel_range_alloc(1, "bait", &data);
    CHECK(status == STATUS_OK);
    *(uint8_t *)data.start.value = RETURN_INSTRUCTION;
    heap = heap_alloc(sizeof(*heap));
    CHECK(heap);
    *heap = RETURN_INSTRUCTION;
    status = space_create("bait", &space);
    CHECK(status == STATUS_OK);
    map_user_page(USER_CODE, RIGHT_READ | RIGHT_EXECUTE, "code");
    map_user_page(USER_DATA, RIGHT_READ | RIGHT_WRITE, "data");
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

virt_addr_t bait_in_direct_map(virt_addr_t address) {
    struct translation translation;
    enum status status = space_translate(kernel_space(), address, &translation);
    CHECK(status == STATUS_OK);
    return virt_addr_of(platform_phys_to_virt(translation.pa));
}
