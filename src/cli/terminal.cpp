#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "view/text.h"

namespace slipway::cli {
namespace {

std::string env(const char* name) { return std::getenv(name) ? std::getenv(name) : ""; }

bool is_terminal(int fd) { return ::isatty(fd) == 1 && env("TERM") != "dumb"; }

bool wants_color(const std::string& color) {
  if (color != "auto") return color == "always";
  if (!env("NO_COLOR").empty() || env("CLICOLOR") == "0") return false;
  const std::string force = env("CLICOLOR_FORCE");
  return (!force.empty() && force != "0") || is_terminal(STDOUT_FILENO);
}

// At most `width` characters; escape sequences do not count.
std::string cut(std::string_view line, std::size_t width) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t i = 0; i < line.size();) {
    std::size_t end = i + 1;
    if (line[i] == '\x1b') {
      while (end < line.size() && line[end] != 'm') ++end;
      end = std::min(end + 1, line.size());
    } else {
      while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) ++end;
      if (used++ == width) break;
    }
    out += line.substr(i, end - i);
    i = end;
  }
  return out;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

volatile std::sig_atomic_t interrupted = 0;

}  // namespace

Terminal::Terminal(const std::string& color)
    : live_(is_terminal(STDOUT_FILENO) && env("CI").empty() && env("ACCESSIBLE").empty()), color_(wants_color(color)) {}

void Terminal::data(std::string_view text) { std::cout << text << std::flush; }
void Terminal::talk(std::string_view text) { std::cerr << text << "\n" << std::flush; }

bool Terminal::confirm(const std::string& question) {
  if (!is_terminal(STDIN_FILENO)) return false;
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

bool Terminal::can_ask() const { return is_terminal(STDIN_FILENO) && is_terminal(STDERR_FILENO) && env("CI").empty(); }

namespace {

winsize size_of_terminal() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) size = {};
  return size;
}

}  // namespace

std::size_t Terminal::columns() const {
  const winsize size = size_of_terminal();
  return size.ws_col > 0 ? size.ws_col : 120;
}

std::size_t Terminal::rows() const {
  const winsize size = size_of_terminal();
  return size.ws_row > 0 ? size.ws_row : 24;
}

void Terminal::erase_block() {
  if (block_lines_ > 0) std::cout << "\x1b[" << block_lines_ << "A\r\x1b[J";
  block_lines_ = 0;
}

void Terminal::redraw(const std::string& block, const std::string& footer) {
  erase_block();
  const std::size_t width = columns(), height = rows() - 1;  // the cursor stands below
  const std::vector<std::string> below = view::fit(lines_of(footer), height);
  std::vector<std::string> all = view::fit(lines_of(block), height - below.size());
  all.insert(all.end(), below.begin(), below.end());
  for (const std::string& line : all) std::cout << cut(line, width) << "\x1b[0m\n";
  block_lines_ = all.size();
  std::cout << std::flush;
}

void Terminal::settle(std::string_view lines) {
  erase_block();
  data(lines);
}

std::string inked(const Terminal& terminal, Ink ink, std::string text) {
  constexpr const char* kCodes[] = {"", "32", "31", "33", "2"};
  if (!terminal.has_color() || ink == Ink::Plain) return text;
  return std::string("\x1b[") + kCodes[static_cast<int>(ink)] + "m" + text + "\x1b[0m";
}

bool was_interrupted() {
  static const bool listening = [] {
    struct sigaction action{};
    action.sa_handler = [](int) { interrupted = 1; };
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    return true;
  }();
  return listening && interrupted != 0;
}

}  // namespace slipway::cli
