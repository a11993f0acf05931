#include "kernel/protections/bait.h"
#include "kernel/protections/rules.h"

/* A piece that reaches its breakpoint was stopped by nothing. */
static void try_piece(enum user_piece piece, virt_addr_t address, struct probe_result *result) {
    probe_user(bait_user_piece(piece), address.value, result);
    result->has_faulted = result->frame.vector != VECTOR_BREAKPOINT;
}

static void user_read(virt_addr_t address, struct probe_result *result) {
    try_piece(USER_READ, address, result);
}

static void user_write(virt_addr_t address, struct probe_result *result) {
    try_piece(USER_WRITE, address, result);
}

static void user_jump(virt_addr_t address, struct probe_result *result) {
    try_piece(USER_JUMP, address, result);
}

static void user_sgdt(virt_addr_t address, struct probe_result *result) {
    try_piece(USER_SGDT, address, result);
}

static void user_sidt(virt_addr_t address, struct probe_result *result) {
    try_piece(USER_SIDT, address, result);
}

static void user_sldt(virt_addr_t address, struct probe_result *result) {
    try_piece(USER_SLDT, address, result);
}

static void user_str(virt_addr_t address, struct probe_result *result) {
    try_piece(USER_STR, address, result);
}

static void user_smsw(virt_addr_t address, struct probe_result *result) {
    try_piece(USER_SMSW, address, result);
}

static void user_hlt(virt_addr_t address, struct probe_result *result) {
    try_piece(USER_HLT, address, result);
}

static void user_cli(virt_addr_t address, struct probe_result *result) {
    try_piece(USER_CLI, address, result);
}

static void user_in(virt_addr_t address, struct probe_result *result) {
    try_piece(USER_IN, address, result);
}

static void user_rdfsbase(virt_addr_t address, struct probe_result *result) {
    try_piece(USER_RDFSBASE, address, result);
}

/* Not the data's first byte, which must stay a breakpoint. */
static virt_addr_t scratch(void) {
    return virt_add(bait_user_data(), PAGE_SIZE / 2);
}

static bool has_umip(const struct cpu_features *cpu) {
    return cpu->has_umip;
}

static bool has_fsgsbase(const struct cpu_features *cpu) {
    return cpu->has_fsgsbase;
}

const struct rule USER_RULES[] = {
    {"ring 3 reads the kernel's text", nullptr, rule_text, user_read, USER_READ_REFUSED, NOTHING,
     NOTHING},
    {"ring 3 runs the kernel's text", reports_fetches, rule_text, user_jump, USER_RUN_REFUSED,
     NOTHING, NOTHING},
    {"ring 3 reads the direct map", nullptr, rule_text_in_direct_map, user_read, USER_READ_REFUSED,
     NOTHING, NOTHING},
    {"ring 3 writes to its code", nullptr, bait_user_code, user_write, USER_WRITE_REFUSED, NOTHING,
     WRITABLE},
    {"ring 3 runs its data", has_no_execute, bait_user_data, user_jump, USER_RUN_REFUSED, NOTHING,
     EXECUTABLE},
    {"ring 3 reads a page without the user bit", nullptr, scratch, user_read, USER_READ_REFUSED,
     NOT_FOR_USERS, NOTHING},
    {"ring 3 reads through a null pointer", nullptr, rule_null, user_read, USER_READ_ABSENT,
     NOTHING, NOTHING},
    {"ring 3 reads an address that is not canonical", nullptr, rule_non_canonical, user_read,
     NO_ADDRESS, NOTHING, NOTHING},
    {"ring 3 stores GDTR (UMIP)", has_umip, scratch, user_sgdt, PRIVILEGED, NOTHING, WITHOUT_UMIP},
    {"ring 3 stores IDTR (UMIP)", has_umip, scratch, user_sidt, PRIVILEGED, NOTHING, WITHOUT_UMIP},
    {"ring 3 stores LDTR (UMIP)", has_umip, scratch, user_sldt, PRIVILEGED, NOTHING, WITHOUT_UMIP},
    {"ring 3 stores TR (UMIP)", has_umip, scratch, user_str, PRIVILEGED, NOTHING, WITHOUT_UMIP},
    {"ring 3 stores CR0 (UMIP)", has_umip, scratch, user_smsw, PRIVILEGED, NOTHING, WITHOUT_UMIP},
    {"ring 3 halts", nullptr, scratch, user_hlt, PRIVILEGED, NOTHING, NOTHING},
    {"ring 3 turns interrupts off", nullptr, scratch, user_cli, PRIVILEGED, NOTHING, NOTHING},
    {"ring 3 reads a port", nullptr, scratch, user_in, PRIVILEGED, NOTHING, NOTHING},
    {"ring 3 reads its FS base (FSGSBASE off)", has_fsgsbase, scratch, user_rdfsbase,
     NO_INSTRUCTION, NOTHING, WITH_FSGSBASE},
    {},
};
