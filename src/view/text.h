// Text for terminals: padding that counts characters, colours that can be off, bars and sparklines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slipway::view {

struct Style {
  bool colour = false;
  int width = 100;  // columns; longer lines are cut
};

enum class Colour { Plain, Green, Red, Yellow, Blue, Dim, Bold };
std::string paint(const Style& style, Colour colour, std::string_view text);

// Characters on the screen: code points, escape sequences aside.
std::size_t display_width(std::string_view text);
std::string pad(std::string text, std::size_t width);
std::string cut(const std::string& text, int width);

// What people wrote, on one line, without anything that a terminal obeys.
std::string one_line(std::string text);

std::string bar(double part, int cells);  // part of 0..1, filled from the left with what remains
std::string sparkline(const std::vector<double>& values);

// Columns as wide as their widest cell, two blanks between; the last one is not padded.
std::vector<std::string> table(const std::vector<std::vector<std::string>>& rows);

// Lines of at most `width` characters, broken between words; a longer word stands alone. Width 0: as it is.
std::vector<std::string> wrap(const std::string& text, std::size_t width);

// At most `rows` of them: the first and the last, with a line between that says how many are left out.
std::vector<std::string> fit(std::vector<std::string> lines, std::size_t rows);

}  // namespace slipway::view
