// What the demo says: a live block that is redrawn in place on a terminal, lines that are only appended everywhere
// else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "view/text.h"

namespace slipway::demo {

class Narrator {
 public:
  explicit Narrator(bool terminal) : terminal_(terminal) {}
  ~Narrator() { settle(); }
  // A terminal that can move its cursor, unless NO_COLOR-like wishes, ACCESSIBLE or CI speak against it.
  static bool stdout_is_terminal();

  bool terminal() const { return terminal_; }
  view::Style style() const;  // colours and width as they are now
  void chapter(const std::string& title);
  void line(const std::string& text);  // stays
  void good(const std::string& text);
  void bad(const std::string& text);
  // The state of what goes on. On a terminal it replaces the previous block; elsewhere only `line`s are printed.
  void live(const std::vector<std::string>& block);
  void settle();  // the block that stands becomes history

 private:
  void erase();
  std::string paint(std::string_view code, const std::string& text) const;
  bool terminal_;
  std::size_t standing_ = 0;  // lines of the live block on the screen
};

}  // namespace slipway::demo
