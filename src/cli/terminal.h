// What the process is connected to: a terminal or a pipe, with colours or without, and Ctrl-C.
#pragma once

#include <string>
#include <string_view>

namespace slipway::cli {

// Where text goes. Data to standard output, talk to standard error.
class Terminal {
 public:
  // `color` is auto, always or never; auto obeys NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM=dumb
  // (https://no-color.org).
  explicit Terminal(const std::string& color);

  void data(std::string_view text);  // standard output
  void talk(std::string_view text);  // one line on standard error; the line break is added

  // May lines be redrawn in place? Only on a terminal that is not dumb, outside of CI, and without ACCESSIBLE.
  bool is_live() const { return live_; }
  bool has_color() const { return color_; }
  // Is there a person who could answer? Only where both ends are a terminal, outside of CI.
  bool can_ask() const;
  // Asks on the terminal; false without one.
  bool confirm(const std::string& question);
  std::size_t columns() const;
  std::size_t rows() const;

  // Redraws the block that the last call drew, in place, and the footer below it. Lines are cut at the terminal's
  // width, and where it is not high enough for both, the middle of the block is left out.
  void redraw(const std::string& block, const std::string& footer = {});
  // Text above the block, which stays; the block is gone until the next `redraw`.
  void settle(std::string_view lines);

 private:
  void erase_block();

  bool live_ = false;
  bool color_ = false;
  std::size_t block_lines_ = 0;
};

enum class Ink { Plain, Good, Bad, Busy, Faint };
// `text` in a colour of the 16-colour palette; unchanged without colours.
std::string inked(const Terminal& terminal, Ink ink, std::string text);

// Ctrl-C or SIGTERM so far? The first call begins to listen.
bool was_interrupted();

}  // namespace slipway::cli
