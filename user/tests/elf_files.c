/* Executable files that were made wrong, one field at a time, and one that names an interpreter. */

#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "user/tests/report.h"

constexpr uint64_t HOME = 0x10000000;
constexpr size_t CODE = 0x200;

struct image {
    Elf64_Ehdr header;
    Elf64_Phdr segments[3];
    char interpreter[200];
};

constexpr int HELLO = 142, INTERPRETED = 145; /* statuses that are no errno */

/* exit(HELLO), by system call 60. */
static const unsigned char code[] = {0xbf, HELLO, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05};

static const char *self;

static struct image make_image(void) {
    struct image image = {
        .header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_X86_64,
                   .e_version = EV_CURRENT,
                   .e_entry = HOME + CODE,
                   .e_phoff = sizeof(Elf64_Ehdr),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 1},
        .segments = {{.p_type = PT_LOAD,
                      .p_flags = PF_R | PF_X,
                      .p_vaddr = HOME,
                      .p_filesz = CODE + sizeof(code),
                      .p_memsz = CODE + sizeof(code),
                      .p_align = PAGE}},
    };
    return image;
}

/* Writes the image, cut off at `size`, and starts it in a child; the status of its end. */
static int start_image(const struct image *image, size_t size) {
    static int number;
    char path[32];
    unsigned char bytes[CODE + sizeof(code)] = {};
    int status = 0;
    snprintf(path, sizeof(path), "./image%d", number++);
    memcpy(bytes, image, sizeof(*image));
    memcpy(bytes + CODE, code, sizeof(code));
    int file = open(path, O_WRONLY | O_CREAT, 0755);
    write(file, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
    close(file);
    pid_t child = fork();
    if (child == 0) {
        execve(path, (char *const[]){path, "interpreted", nullptr}, (char *const[]){nullptr});
        _exit(errno);
    }
    waitpid(child, &status, 0);
    return status;
}

static void run_image(const char *what, const struct image *image, size_t size) {
    int status = start_image(image, size);
    bool is_refused = WIFEXITED(status) && WEXITSTATUS(status) < HELLO;
    say("%s: %s", what, is_refused ? error_name(WEXITSTATUS(status)) : end_name(status));
}

/* Some of what is wrong Linux only finds when the old program is gone: then it kills the new one.
 */
static void run_broken(const char *what, const struct image *image) {
    int status = start_image(image, SIZE_MAX);
    say("%s: %s", what, WIFEXITED(status) && WEXITSTATUS(status) == HELLO ? "ran" : "did not run");
}

#define VARIANT(change)                                                                            \
    do {                                                                                           \
        struct image image = make_image();                                                         \
        image.change;                                                                              \
        run_image(#change, &image, SIZE_MAX);                                                      \
    } while (0)

#define BROKEN(change)                                                                             \
    do {                                                                                           \
        struct image image = make_image();                                                         \
        image.change;                                                                              \
        run_broken(#change, &image);                                                               \
    } while (0)

static void check_header(void) {
    struct image good = make_image();
    run_image("good", &good, SIZE_MAX);
    run_image("3 bytes", &good, 3);
    run_image("4 bytes", &good, 4);
    run_image("the header alone", &good, sizeof(Elf64_Ehdr));
    run_image("half of the segments' table", &good, sizeof(Elf64_Ehdr) + 20);
    VARIANT(header.e_ident[EI_MAG3] = 'G');
    VARIANT(header.e_type = ET_REL);
    VARIANT(header.e_type = ET_CORE);
    VARIANT(header.e_machine = EM_AARCH64);
    VARIANT(header.e_phentsize = 32);
    VARIANT(header.e_phnum = 0);
    VARIANT(header.e_phoff = 1 << 20);
    BROKEN(header.e_entry = 0);
    BROKEN(header.e_entry = -1ul);
}

static void check_segments(void) {
    BROKEN(segments[0].p_type = PT_NULL);
    BROKEN(segments[0].p_vaddr = HOME + 1);
    BROKEN(segments[0].p_offset = 1);
    BROKEN(segments[0].p_filesz = 0);
    BROKEN(segments[0].p_memsz = 1);
    BROKEN(segments[0].p_memsz = -1ul);
    BROKEN(segments[0].p_vaddr = 0xffff800000000000);
    BROKEN(segments[0].p_vaddr = 0x7ffffffff000);
    BROKEN(segments[0].p_flags = PF_R);
    VARIANT(segments[0].p_flags = PF_X);
    VARIANT(segments[0].p_align = 3);
}

static void check_interpreter(void) {
    struct image image = make_image();
    image.header.e_phnum = 2;
    image.segments[1] = image.segments[0];
    image.segments[0] = (Elf64_Phdr){.p_type = PT_INTERP,
                                     .p_offset = offsetof(struct image, interpreter),
                                     .p_filesz = 9,
                                     .p_memsz = 9};
    strcpy(image.interpreter, "/no/such");
    run_image("interpreter absent", &image, SIZE_MAX);
    image.segments[0].p_filesz = 8;
    run_image("interpreter's name without an end", &image, SIZE_MAX);
    image.segments[0].p_filesz = 1;
    run_image("interpreter without a name", &image, SIZE_MAX);
    image.segments[0].p_filesz = PAGE + 1;
    run_image("interpreter's name too long", &image, SIZE_MAX);
    strcpy(image.interpreter, self);
    image.segments[0].p_filesz = strlen(self) + 1;
    run_image("interpreted", &image, SIZE_MAX);
}

int main(int argument_count, char **arguments) {
    self = arguments[0];
    if (argument_count > 1) {
        say("  the interpreter got %s", arguments[1]);
        return INTERPRETED;
    }
    check_header();
    check_segments();
    check_interpreter();
}
