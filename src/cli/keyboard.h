// Single keys from the terminal, while something is shown live.
#pragma once

#include <termios.h>

#include <optional>

namespace slipway::cli {

// While it lives, keys come one by one and are not shown; afterwards the terminal is as it was. Ctrl-C interrupts as
// ever. Where standard input is no terminal, or the process does not stand in its foreground, there are no keys.
class Keyboard {
 public:
  Keyboard();
  ~Keyboard();
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

  bool is_on() const { return before_.has_value(); }
  // A key that has been pressed, without waiting for one. Arrows and the like are one key, ESC.
  std::optional<char> next();

 private:
  std::optional<termios> before_;
};

}  // namespace slipway::cli
