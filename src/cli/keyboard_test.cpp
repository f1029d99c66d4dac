// Keys of a real terminal: a pseudo terminal whose other end types.
#include "cli/keyboard.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

namespace slipway::cli {
namespace {

bool takes_lines() {
  termios now{};
  return ::tcgetattr(STDIN_FILENO, &now) == 0 && (now.c_lflag & ICANON) != 0 && (now.c_lflag & ECHO) != 0;
}

// Waits for a key, as long as the test may last.
char wait_for_key(Keyboard& keyboard) {
  for (;;) {
    if (const auto key = keyboard.next()) return *key;
    pollfd in{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    ::poll(&in, 1, -1);
  }
}

// Runs it with a terminal of its own, into which `typed` is written once it says that it is ready, by a line. True: it
// said so of itself.
bool holds_on_a_terminal(const std::string& typed, const std::function<bool()>& check) {
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) ::_exit(check() ? 0 : 1);
  char ready = 0;
  while (::read(terminal, &ready, 1) == 1 && ready != '\n') {
  }
  EXPECT_EQ(::write(terminal, typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  ::close(terminal);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void say_ready() { EXPECT_EQ(::write(STDOUT_FILENO, "\n", 1), 1); }

TEST(Keyboard, keys_come_one_by_one_and_the_terminal_is_as_it_was_afterwards) {
  EXPECT_TRUE(holds_on_a_terminal("pa", [] {
    const bool before = takes_lines();
    std::string keys;
    bool within = true, on = false;
    {
      Keyboard keyboard;
      on = keyboard.is_on(), within = takes_lines();
      say_ready();
      keys += wait_for_key(keyboard);
      keys += wait_for_key(keyboard);
    }
    return before && on && !within && keys == "pa" && takes_lines();
  }));
}

TEST(Keyboard, an_arrow_is_one_key_and_no_letter) {
  EXPECT_TRUE(holds_on_a_terminal("\x1b[A", [] {
    Keyboard keyboard;
    say_ready();
    return wait_for_key(keyboard) == '\x1b' && !keyboard.next();
  }));
}

TEST(Keyboard, without_a_terminal_there_are_no_keys) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[0], STDIN_FILENO);
    Keyboard keyboard;
    ::_exit(!keyboard.is_on() && !keyboard.next() ? 0 : 1);
  }
  int status = 1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ::close(ends[0]), ::close(ends[1]);
}

}  // namespace
}  // namespace slipway::cli
