//! Server-sent events, as they come in.

use std::io::{BufRead, BufReader, Read};

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub name: String,
    pub data: serde_json::Value,
}

/// Reads events until the stream ends.
pub(crate) struct Events {
    lines: BufReader<Box<dyn Read>>,
}

impl Events {
    pub(crate) fn new(body: Box<dyn Read>) -> Self {
        Self { lines: BufReader::new(body) }
    }

    fn next_event(&mut self) -> anyhow::Result<Option<Event>> {
        let (mut name, mut data) = (String::new(), String::new());
        let mut line = String::new();
        loop {
            line.clear();
            if self.lines.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let text = line.trim_end_matches(['\r', '\n']);
            if text.is_empty() {
                if name.is_empty() && data.is_empty() {
                    continue;
                }
                let data = serde_json::from_str(&data)?;
                return Ok(Some(Event { name, data }));
            }
            // Comments keep the connection alive; ids are for those who come back.
            match text.split_once(':') {
                Some(("event", value)) => value.trim_start().clone_into(&mut name),
                Some(("data", value)) => data.push_str(value.strip_prefix(' ').unwrap_or(value)),
                _ => {}
            }
        }
    }
}

impl Iterator for Events {
    type Item = anyhow::Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_event().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_ids_are_passed_over() {
        let text = ": hello\n\nid: 3\nevent: progress\ndata: {\"rows\":1}\n\n:\n\nevent: result\ndata: 2\n\n";
        let events: Vec<Event> =
            Events::new(Box::new(text.as_bytes())).collect::<Result<_, _>>().expect("reads");
        let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names, ["progress", "result"]);
        assert_eq!(events[0].data["rows"], 1);
    }
}
