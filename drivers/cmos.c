#include "drivers/cmos.h"

#include "kernel/cpu/cpu.h"

constexpr uint16_t PORT_INDEX = 0x70;
constexpr uint16_t PORT_DATA = 0x71;

enum cmos_register : uint8_t {
    REGISTER_SECOND = 0,
    REGISTER_MINUTE = 2,
    REGISTER_HOUR = 4,
    REGISTER_DAY = 7,
    REGISTER_MONTH = 8,
    REGISTER_YEAR = 9,
    REGISTER_STATUS_A = 10,
    REGISTER_STATUS_B = 11,
};

constexpr uint8_t STATUS_A_UPDATING = 0x80;
constexpr uint8_t STATUS_B_24_HOURS = 0x02;
constexpr uint8_t STATUS_B_BINARY = 0x04;
constexpr uint8_t HOUR_AFTERNOON = 0x80;
constexpr unsigned READS_MAX = 1'000'000;

struct cmos_date {
    uint8_t second, minute, hour, day, month, year;
};

static uint8_t read(enum cmos_register index) {
    port_write8(PORT_INDEX, index);
    return port_read8(PORT_DATA);
}

static struct cmos_date read_date(void) {
    for (unsigned i = 0; i < READS_MAX && (read(REGISTER_STATUS_A) & STATUS_A_UPDATING); i++) {
        cpu_pause();
    }
    return (struct cmos_date){
        read(REGISTER_SECOND), read(REGISTER_MINUTE), read(REGISTER_HOUR),
        read(REGISTER_DAY),    read(REGISTER_MONTH),  read(REGISTER_YEAR),
    };
}

static unsigned plain(uint8_t value, uint8_t status_b) {
    return status_b & STATUS_B_BINARY ? value : value / 16u * 10 + value % 16u;
}

static unsigned plain_hour(uint8_t value, uint8_t status_b) {
    unsigned hour = plain(value & (uint8_t)~HOUR_AFTERNOON, status_b);
    if (status_b & STATUS_B_24_HOURS) {
        return hour;
    }
    return hour % 12 + (value & HOUR_AFTERNOON ? 12 : 0);
}

/* Years begin in March, so that the leap day is the last of one. */
int64_t cmos_seconds_of(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                        unsigned second) {
    constexpr int64_t days_to_1970 = 719468; /* from 1 March of the year 0 */
    int64_t years = month > 2 ? year : year - 1;
    int64_t months = month > 2 ? month - 3 : month + 9;
    int64_t days = years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 +
                   day - 1 - days_to_1970;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

int64_t cmos_read_seconds(void) {
    struct cmos_date date = read_date();
    struct cmos_date again = read_date();
    while (__builtin_memcmp(&date, &again, sizeof(date)) != 0) {
        date = again;
        again = read_date();
    }
    uint8_t status_b = read(REGISTER_STATUS_B);
    unsigned month = plain(date.month, status_b);
    unsigned day = plain(date.day, status_b);
    if (month < 1 || month > 12 || day < 1 || day > 31) {
        return 0;
    }
    return cmos_seconds_of(2000 + plain(date.year, status_b), month, day,
                           plain_hour(date.hour, status_b), plain(date.minute, status_b),
                           plain(date.second, status_b));
}
