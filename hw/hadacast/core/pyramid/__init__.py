"""Parts of the pvq stage. They never stand still: a queue behind them holds what nobody takes."""
