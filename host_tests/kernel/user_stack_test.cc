#include "kernel/user_stack/user_stack.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

constexpr uint64_t kTop = 0x7ffffffff000;

// Reads the image as the program does: through the addresses that it finds in it.
class UserStackTest : public ::testing::Test {
  protected:
    UserStackTest() {
        stack_.top = virt_addr(kTop);
        stack_.program = "/bin/hello";
        stack_.arguments = {"/bin/hello\0x\0two words\0", 3};
        stack_.environment = {"HOME=/\0TERM=linux\0", 2};
        stack_.entry = virt_addr(0x401000);
        stack_.program_headers = virt_addr(0x400040);
        stack_.program_header_count = 5;
        stack_.cpu_capabilities = 0x078bfbff;
        for (uint8_t i = 0; i < 16; i++) {
            stack_.random[i] = 0xa0 + i;
        }
    }

    void Write() {
        size_t size = user_stack_size_bytes(&stack_);
        ASSERT_EQ(size % 16, 0u);
        image_.assign(size / 8, 0xdeadbeefdeadbeef);
        user_stack_write(&stack_, image_.data(), &places_);
    }

    std::string StringAt(uint64_t address) {
        uint64_t start = kTop - image_.size() * 8;
        EXPECT_GE(address, start);
        EXPECT_LT(address, kTop);
        return reinterpret_cast<const char *>(image_.data()) + (address - start);
    }

    std::map<uint64_t, uint64_t> AuxiliaryVector() {
        size_t i = 1 + image_[0] + 1;
        while (image_[i] != 0) {
            i++;
        }
        std::map<uint64_t, uint64_t> vector;
        for (i++; image_[i] != 0; i += 2) {
            vector[image_[i]] = image_[i + 1];
        }
        EXPECT_EQ(image_[i + 1], 0u);
        return vector;
    }

    user_stack stack_{};
    user_stack_places places_{};
    std::vector<uint64_t> image_;
};

TEST_F(UserStackTest, ArgumentsAndEnvironmentAreWhereTheAbiSays) {
    Write();
    EXPECT_EQ(image_[0], 3u);
    EXPECT_EQ(StringAt(image_[1]), "/bin/hello");
    EXPECT_EQ(StringAt(image_[2]), "x");
    EXPECT_EQ(StringAt(image_[3]), "two words");
    EXPECT_EQ(image_[4], 0u);
    EXPECT_EQ(StringAt(image_[5]), "HOME=/");
    EXPECT_EQ(StringAt(image_[6]), "TERM=linux");
    EXPECT_EQ(image_[7], 0u);
}

TEST_F(UserStackTest, TheAuxiliaryVectorTellsALibcWhatItNeeds) {
    Write();
    auto vector = AuxiliaryVector();
    EXPECT_EQ(vector[3], 0x400040u);
    EXPECT_EQ(vector[4], 56u);
    EXPECT_EQ(vector[5], 5u);
    EXPECT_EQ(vector[6], 4096u);
    EXPECT_EQ(vector[9], 0x401000u);
    EXPECT_EQ(vector[16], 0x078bfbffu);
    EXPECT_EQ(vector[17], 100u);
    EXPECT_EQ(vector[23], 0u);
    EXPECT_EQ(StringAt(vector[15]), "x86_64");
    EXPECT_EQ(StringAt(vector[31]), "/bin/hello");
    EXPECT_EQ(StringAt(vector[25]).substr(0, 2), "\xa0\xa1");
}

TEST_F(UserStackTest, AProgramWithoutArgumentsHasNone) {
    stack_.arguments = {};
    stack_.environment = {};
    Write();
    EXPECT_EQ(image_[0], 0u);
    EXPECT_EQ(image_[1], 0u);
    EXPECT_EQ(image_[2], 0u);
}

TEST_F(UserStackTest, WhereThingsAreIsSaid) {
    Write();
    EXPECT_EQ(places_.arguments_start.value, image_[1]);
    EXPECT_EQ(places_.arguments_end.value - image_[1], sizeof("/bin/hello\0x\0two words"));
    EXPECT_EQ(places_.environment_start.value, image_[5]);
    EXPECT_EQ(places_.environment_end.value - image_[5], sizeof("HOME=/\0TERM=linux"));
    EXPECT_EQ(places_.auxiliary.value, kTop - image_.size() * 8 + 8 * 8);
    EXPECT_EQ(places_.auxiliary_size_bytes % 16, 0u);
}

TEST_F(UserStackTest, EveryLengthOfNameKeepsTheStackAligned) {
    std::string name;
    for (int length = 0; length < 40; length++) {
        name += 'n';
        stack_.program = name.c_str();
        Write();
        EXPECT_EQ(StringAt(AuxiliaryVector()[31]), name);
    }
}

} // namespace
