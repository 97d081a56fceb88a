"""Where things stand on a chart: style, rows, boxes and labels."""
