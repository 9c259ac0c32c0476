"""Export a trained network to ONNX, torch.export, or a folder for the Hugging Face Hub."""
