#include "drivers/acpi_sleep.h"

#include "drivers/acpi_format.h"

/* AML opcodes (ACPI 6.4 20.3). */
constexpr uint8_t AML_ZERO = 0x00;
constexpr uint8_t AML_ONE = 0x01;
constexpr uint8_t AML_NAME = 0x08;
constexpr uint8_t AML_BYTE = 0x0a;
constexpr uint8_t AML_WORD = 0x0b;
constexpr uint8_t AML_DWORD = 0x0c;
constexpr uint8_t AML_PACKAGE = 0x12;

constexpr size_t NAME_SIZE_BYTES = 4;
constexpr uint8_t SLEEP_TYPE_MAX = 7;

/* What is left of the block to read. */
struct aml_cursor {
    const uint8_t *at;
    const uint8_t *end;
};

/* The next `count` bytes, or nullptr where there are fewer. */
static const uint8_t *take(struct aml_cursor *cursor, size_t count) {
    if ((size_t)(cursor->end - cursor->at) < count) {
        return nullptr;
    }
    const uint8_t *bytes = cursor->at;
    cursor->at += count;
    return bytes;
}

static bool take_byte(struct aml_cursor *cursor, uint8_t expected) {
    const uint8_t *byte = take(cursor, 1);
    return byte != nullptr && *byte == expected;
}

/* PkgLength: bits 7..6 of its first byte say how many bytes follow. Their value adds nothing to
 * what the end of the block already bounds. */
static bool skip_package_length(struct aml_cursor *cursor) {
    const uint8_t *lead = take(cursor, 1);
    return lead != nullptr && take(cursor, *lead >> 6) != nullptr;
}

static bool take_integer(struct aml_cursor *cursor, uint32_t *value) {
    const uint8_t *opcode = take(cursor, 1);
    if (opcode == nullptr) {
        return false;
    }
    if (*opcode == AML_ZERO || *opcode == AML_ONE) {
        *value = *opcode;
        return true;
    }
    size_t size_bytes = *opcode == AML_BYTE ? 1 : *opcode == AML_WORD ? 2 : 4;
    bool is_integer = *opcode >= AML_BYTE && *opcode <= AML_DWORD;
    const uint8_t *bytes = is_integer ? take(cursor, size_bytes) : nullptr;
    if (bytes == nullptr) {
        return false;
    }
    *value = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        *value |= (uint32_t)bytes[i] << 8 * i;
    }
    return true;
}

/* The two integers that begin a package of at least two elements. */
static bool take_sleep_package(struct aml_cursor *cursor, uint32_t *a, uint32_t *b) {
    if (!take_byte(cursor, AML_PACKAGE) || !skip_package_length(cursor)) {
        return false;
    }
    const uint8_t *element_count = take(cursor, 1);
    return element_count != nullptr && *element_count >= 2 && take_integer(cursor, a) &&
           take_integer(cursor, b);
}

/* Whether the name at `at` is being defined: NameOp stands before it, maybe with a root prefix. */
static bool is_definition(const uint8_t *aml, size_t at) {
    bool is_plain = at >= 1 && aml[at - 1] == AML_NAME;
    bool is_rooted = at >= 2 && aml[at - 1] == '\\' && aml[at - 2] == AML_NAME;
    return is_plain || is_rooted;
}

bool acpi_find_sleep_types(const uint8_t *aml, size_t size_bytes, uint8_t *type_a,
                           uint8_t *type_b) {
    for (size_t at = 0; at + NAME_SIZE_BYTES <= size_bytes; at++) {
        if (__builtin_memcmp(aml + at, "_S5_", NAME_SIZE_BYTES) != 0 || !is_definition(aml, at)) {
            continue;
        }
        struct aml_cursor cursor = {aml + at + NAME_SIZE_BYTES, aml + size_bytes};
        uint32_t a, b;
        if (take_sleep_package(&cursor, &a, &b) && a <= SLEEP_TYPE_MAX && b <= SLEEP_TYPE_MAX) {
            *type_a = (uint8_t)a;
            *type_b = (uint8_t)b;
            return true;
        }
    }
    return false;
}
