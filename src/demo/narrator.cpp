#include "demo/narrator.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/strings.h"

namespace slipway::demo {
namespace {

bool set(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

}  // namespace

bool Narrator::stdout_is_terminal() {
  const char* term = std::getenv("TERM");
  return isatty(1) && term && std::string_view(term) != "dumb" && !set("ACCESSIBLE") && !set("CI");
}

view::Style Narrator::style() const {
  winsize size{};
  const bool known = ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return {.colour = terminal_ && !set("NO_COLOR"), .width = known ? size.ws_col : 100};
}

std::string Narrator::paint(std::string_view code, const std::string& text) const {
  if (!terminal_ || set("NO_COLOR")) return text;
  return "\033[" + std::string(code) + "m" + text + "\033[0m";
}

void Narrator::erase() {
  if (standing_ > 0) std::printf("\033[%zuA\033[J", standing_);
  standing_ = 0;
}

void Narrator::chapter(const std::string& title) {
  erase();
  std::printf("\n%s\n", paint("1", title).c_str());
  std::fflush(stdout);
}

void Narrator::line(const std::string& text) {
  erase();
  std::printf("   %s\n", text.c_str());
  std::fflush(stdout);
}

void Narrator::good(const std::string& text) {
  erase();
  std::printf(" %s %s\n", paint("32", "✔").c_str(), text.c_str());
  std::fflush(stdout);
}

void Narrator::bad(const std::string& text) {
  erase();
  std::printf(" %s %s\n", paint("31", "✗").c_str(), base::replace_all(text, "\n", "\n   ").c_str());
  std::fflush(stdout);
}

void Narrator::live(const std::vector<std::string>& block) {
  if (!terminal_) return;
  erase();
  winsize size{};
  // A block taller than the screen could not be erased: what does not fit is left out.
  const bool known = ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_row > 1;
  standing_ = std::min<std::size_t>(block.size(), known ? size.ws_row - 1 : 24);
  const int width = style().width;
  for (std::size_t i = 0; i < standing_; ++i) std::printf("%s\n", view::cut(block[i], width).c_str());
  std::fflush(stdout);
}

void Narrator::settle() { standing_ = 0; }

}  // namespace slipway::demo
