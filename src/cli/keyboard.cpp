#include "cli/keyboard.h"

#include <poll.h>
#include <unistd.h>

namespace slipway::cli {
namespace {

constexpr char kEscape = '\x1b';

// A process in the background would be stopped for touching the terminal.
bool in_foreground() { return ::isatty(STDIN_FILENO) == 1 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp(); }

bool is_something_there() {
  pollfd in{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&in, 1, 0) == 1 && (in.revents & POLLIN) != 0;
}

std::optional<char> read_one() {
  char key = 0;
  return is_something_there() && ::read(STDIN_FILENO, &key, 1) == 1 ? std::optional(key) : std::nullopt;
}

}  // namespace

Keyboard::Keyboard() {
  termios now{};
  if (!in_foreground() || ::tcgetattr(STDIN_FILENO, &now) != 0) return;
  before_ = now;
  now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  now.c_cc[VMIN] = 1, now.c_cc[VTIME] = 0;
  if (::tcsetattr(STDIN_FILENO, TCSANOW, &now) != 0) before_.reset();
}

Keyboard::~Keyboard() {
  if (before_ && in_foreground()) ::tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
}

std::optional<char> Keyboard::next() {
  if (!before_ || !in_foreground()) return std::nullopt;
  const std::optional<char> key = read_one();
  if (key == kEscape)
    while (read_one()) {
    }
  return key;
}

}  // namespace slipway::cli
