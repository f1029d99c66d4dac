#include "server/decision_lines.h"

#include <cstdio>

#include "data/json.h"

namespace slipway::server {

using data::Value;

namespace {

const char* level_of(const control::DecisionRecord& record) {
  if (record.outcome == "done") return "info";
  return record.outcome.starts_with("refused: ") ? "error" : "warning";
}

}  // namespace

std::string line_of(const control::DecisionRecord& record) {
  const Value whole = control::to_value(record);
  Value out = Value::object({{"time", whole["last"]}, {"level", level_of(record)}});
  for (const char* field : {"controller", "namespace", "name", "reasons", "effects"})
    if (!whole[field].is_empty()) out.set(field, whole[field]);
  Value notes = Value::array();
  for (const control::Note& note : record.notes)
    notes.push_back(Value::object({{"type", note.kind == control::Note::Kind::Warning ? "Warning" : "Normal"},
                                   {"reason", note.reason},
                                   {"message", note.message}}));
  if (notes.size() > 0) out.set("notes", notes);
  out.set("outcome", whole["outcome"]);
  return data::to_json(out);
}

// Only the last one of each object is remembered, to know what repeats.
DecisionLines::DecisionLines() : DecisionLog(1) {
  set_sink([](const control::DecisionRecord& record) {
    const std::string line = line_of(record) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
  });
}

}  // namespace slipway::server
