#include "kernel/user_stack/user_stack.h"

/* Keys of the auxiliary vector, as in Linux's <linux/auxvec.h>. */
enum auxiliary_key : uint64_t {
    AUX_NULL = 0,
    AUX_PROGRAM_HEADERS = 3,
    AUX_PROGRAM_HEADER_SIZE = 4,
    AUX_PROGRAM_HEADER_COUNT = 5,
    AUX_PAGE_SIZE = 6,
    AUX_BASE = 7,
    AUX_FLAGS = 8,
    AUX_ENTRY = 9,
    AUX_UID = 11,
    AUX_EFFECTIVE_UID = 12,
    AUX_GID = 13,
    AUX_EFFECTIVE_GID = 14,
    AUX_PLATFORM = 15,
    AUX_CPU_CAPABILITIES = 16,
    AUX_CLOCK_TICKS = 17,
    AUX_SECURE = 23,
    AUX_RANDOM = 25,
    AUX_CPU_CAPABILITIES_2 = 26,
    AUX_PROGRAM_NAME = 31,
    AUX_SIGNAL_STACK_SIZE = 51,
};

constexpr size_t AUX_COUNT = 20;
constexpr uint64_t PROGRAM_HEADER_SIZE = 56;
constexpr uint64_t CLOCK_TICKS_PER_SECOND = 100; /* what times(2) counts in; fixed by the ABI */
constexpr size_t STACK_ALIGNMENT = 16;

static const char PLATFORM[] = "x86_64";

static size_t list_size_bytes(const struct string_list *list) {
    size_t size_bytes = 0;
    for (size_t i = 0; i < list->count; i++) {
        size_bytes += __builtin_strlen(list->strings + size_bytes) + 1;
    }
    return size_bytes;
}

static size_t strings_size_bytes(const struct user_stack *stack) {
    return sizeof(stack->random) + sizeof(PLATFORM) + __builtin_strlen(stack->program) + 1 +
           list_size_bytes(&stack->arguments) + list_size_bytes(&stack->environment);
}

/* The count; the pointers, each list with its null; the auxiliary vector. */
static size_t words_size_bytes(const struct user_stack *stack) {
    size_t pointers = stack->arguments.count + 1 + stack->environment.count + 1;
    return (1 + pointers + 2 * AUX_COUNT) * sizeof(uint64_t);
}

size_t user_stack_size_bytes(const struct user_stack *stack) {
    size_t size_bytes = words_size_bytes(stack) + strings_size_bytes(stack);
    return align_up(size_bytes, STACK_ALIGNMENT);
}

struct stack_writer {
    uint64_t *word; /* where the next word goes */
    char *string;   /* where the next string goes */
    uint64_t delta; /* from where a byte is written to where the program sees it */
};

static void push_word(struct stack_writer *writer, uint64_t value) {
    *writer->word++ = value;
}

/* Copies the bytes to the strings; returns where the program sees them. */
static uint64_t place(struct stack_writer *writer, const void *bytes, size_t size_bytes) {
    uint64_t address = (uint64_t)writer->string + writer->delta;
    __builtin_memcpy(writer->string, bytes, size_bytes);
    writer->string += size_bytes;
    return address;
}

static uint64_t place_string(struct stack_writer *writer, const char *string) {
    return place(writer, string, __builtin_strlen(string) + 1);
}

static void push_list(struct stack_writer *writer, const struct string_list *list) {
    const char *string = list->strings;
    for (size_t i = 0; i < list->count; i++) {
        push_word(writer, place_string(writer, string));
        string += __builtin_strlen(string) + 1;
    }
    push_word(writer, 0);
}

/* What the vector points to. */
struct placed_strings {
    uint64_t random, platform, program_name;
};

static void push_auxiliary_vector(struct stack_writer *writer, const struct user_stack *stack,
                                  const struct placed_strings *strings) {
    const uint64_t vector[AUX_COUNT][2] = {
        {AUX_PROGRAM_HEADERS, stack->program_headers.value},
        {AUX_PROGRAM_HEADER_SIZE, PROGRAM_HEADER_SIZE},
        {AUX_PROGRAM_HEADER_COUNT, stack->program_header_count},
        {AUX_PAGE_SIZE, PAGE_SIZE},
        {AUX_BASE, stack->base.value},
        {AUX_FLAGS, 0},
        {AUX_ENTRY, stack->entry.value},
        {AUX_UID, stack->real_user},
        {AUX_EFFECTIVE_UID, stack->effective_user},
        {AUX_GID, stack->real_group},
        {AUX_EFFECTIVE_GID, stack->effective_group},
        {AUX_SECURE, stack->is_secure},
        {AUX_SIGNAL_STACK_SIZE, stack->signal_stack_size},
        {AUX_CPU_CAPABILITIES_2, 0},
        {AUX_CLOCK_TICKS, CLOCK_TICKS_PER_SECOND},
        {AUX_CPU_CAPABILITIES, stack->cpu_capabilities},
        {AUX_RANDOM, strings->random},
        {AUX_PLATFORM, strings->platform},
        {AUX_PROGRAM_NAME, strings->program_name},
        {AUX_NULL, 0},
    };
    for (size_t i = 0; i < AUX_COUNT; i++) {
        push_word(writer, vector[i][0]);
        push_word(writer, vector[i][1]);
    }
}

static virt_addr_t next_string(const struct stack_writer *writer) {
    return virt_addr((uint64_t)writer->string + writer->delta);
}

static virt_addr_t next_word(const struct stack_writer *writer) {
    return virt_addr((uint64_t)writer->word + writer->delta);
}

/* The strings lie as Linux has them: the arguments, right behind them the environment, and last
 * the program's name. */
void user_stack_write(const struct user_stack *stack, void *image,
                      struct user_stack_places *places) {
    size_t size_bytes = user_stack_size_bytes(stack);
    struct stack_writer writer = {
        .word = image,
        .string = (char *)image + words_size_bytes(stack),
        .delta = stack->top.value - size_bytes - (uint64_t)image,
    };
    struct placed_strings strings;
    __builtin_memset(image, 0, size_bytes);
    strings.random = place(&writer, stack->random, sizeof(stack->random));
    strings.platform = place(&writer, PLATFORM, sizeof(PLATFORM));
    push_word(&writer, stack->arguments.count);
    places->arguments_start = next_string(&writer);
    push_list(&writer, &stack->arguments);
    places->arguments_end = next_string(&writer);
    places->environment_start = places->arguments_end;
    push_list(&writer, &stack->environment);
    places->environment_end = next_string(&writer);
    strings.program_name = place_string(&writer, stack->program);
    places->auxiliary = next_word(&writer);
    places->auxiliary_size_bytes = AUX_COUNT * 2 * sizeof(uint64_t);
    push_auxiliary_vector(&writer, stack, &strings);
}
