#include "view/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace slipway::view {
namespace {

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::Plain:
      return "";
    case Colour::Green:
      return "32";
    case Colour::Red:
      return "31";
    case Colour::Yellow:
      return "33";
    case Colour::Blue:
      return "34";
    case Colour::Dim:
      return "2";
    case Colour::Bold:
      return "1";
  }
  return "";
}

// Length of the escape sequence at `at`, 0 when there is none.
std::size_t escape_length(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "\x1b[") return 0;
  const std::size_t end = text.find('m', at);
  return end == text.npos ? 0 : end - at + 1;
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

std::string paint(const Style& style, Colour colour, std::string_view text) {
  if (!style.colour || colour == Colour::Plain || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code_of(colour), text);
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t escape = escape_length(text, i))
      i += escape;
    else
      width += begins_character(text[i++]);
  }
  return width;
}

std::string pad(std::string text, std::size_t width) {
  const std::size_t have = display_width(text);
  if (have < width) text.append(width - have, ' ');
  return text;
}

std::string cut(const std::string& text, int width) {
  if (width <= 0 || display_width(text) <= static_cast<std::size_t>(width)) return text;
  std::string out;
  bool escaped = false;
  int shown = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t escape = escape_length(text, i)) {
      out += text.substr(i, escape);
      escaped = true;
      i += escape;
      continue;
    }
    if (begins_character(text[i]) && ++shown > width - 1) break;
    out += text[i++];
  }
  return out + "…" + (escaped ? "\x1b[0m" : "");
}

std::string one_line(std::string text) { return base::one_line(text); }

std::string bar(double part, int cells) {
  const int filled = std::clamp(static_cast<int>(part * cells + 0.5), 0, cells);
  std::string out;
  for (int i = 0; i < cells; ++i) out += i < filled ? "█" : "░";
  return out;
}

std::string sparkline(const std::vector<double>& values) {
  static constexpr std::array<std::string_view, 8> kLevels = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty()) return "";
  const auto [low, high] = std::ranges::minmax(values);
  std::string out;
  for (double v : values) out += kLevels[high > low ? static_cast<std::size_t>((v - low) / (high - low) * 7 + 0.5) : 0];
  return out;
}

std::vector<std::string> table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  std::vector<std::string> out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += i + 1 < row.size() ? pad(row[i], widths[i] + 2) : row[i];
    line.erase(line.find_last_not_of(' ') + 1);
    out.push_back(std::move(line));
  }
  return out;
}

std::vector<std::string> wrap(const std::string& text, std::size_t width) {
  std::vector<std::string> out = {""};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t word = std::min(text.find_first_not_of(' ', at), text.size());
    const std::size_t end = std::min(text.find(' ', word), text.size());
    const std::string blanks = text.substr(at, word - at), letters = text.substr(word, end - word);
    const bool begins = out.back().empty();
    const bool fits = width == 0 || display_width(out.back() + blanks + letters) <= width;
    if (begins)
      out.back() = letters;
    else if (fits)
      out.back() += blanks + letters;
    else
      out.push_back(letters);
    at = end;
  }
  return out;
}

std::vector<std::string> fit(std::vector<std::string> lines, std::size_t rows) {
  constexpr std::size_t kLeast = 4;  // below that there is no room for both ends
  if (lines.size() <= rows) return lines;
  if (rows < kLeast) return lines.resize(rows), lines;
  const std::size_t tail = (rows - 1) / 3, head = rows - 1 - tail, out = lines.size() - head - tail;
  const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(head);
  *begin = fmt::format("… {} lines more", out);
  lines.erase(begin + 1, begin + static_cast<std::ptrdiff_t>(out));
  return lines;
}

}  // namespace slipway::view
